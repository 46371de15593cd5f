import { z } from 'zod';
import { complexityOf, defineRule, modulePart, moduleRootsOption, py } from '../../engine/index.ts';

export default defineRule({
  code: 'GR805',
  name: 'logic-in-module',
  family: 'structure',
  severity: 'warning',
  standards: ['production'],
  summary: 'Business logic in `module.py`: a free function, or a method that decides much',
  advice: 'Move the logic to `service.py` and call it from the module class',
  why: 'The class in `module.py` connects a module to the application: it loads the configuration, subscribes, publishes and asks the service. A calculation that grows there can only be tested with a whole module around it, its bus and its configuration included, and the next person looks for it in `service.py`, where it should be.',
  fix: 'none',
  requirements: ['000-008', '000-034', '003-009'],
  peers: [],
  options: z.strictObject({
    roots: moduleRootsOption,
    maxComplexity: z
      .int()
      .min(1)
      .default(5)
      .meta({ description: 'Cyclomatic complexity that a method in `module.py` may have.' }),
  }),
  applies: (file, { roots }) => modulePart(file, 'module', roots) !== undefined,
  examples: [
    {
      bad: py`
        from app.modules.base import BaseModule

        from .schemas import OrbitData


        def normalise(angle: float) -> float:
        #   ^^^^^^^^^ GR805 none: The function \`normalise\` stands in \`module.py\`; move it to \`service.py\`.
            return angle % 360


        class OrbitModule(BaseModule):
            name = "orbit"

            async def handle_event(self, payload: dict[str, float]) -> OrbitData | None:
                #     ^^^^^^^^^^^^ GR805 none: The method \`handle_event\` has a complexity of 6 (at most 5 in \`module.py\`); move its logic to \`service.py\`.
                angle = normalise(payload["angle"])
                if angle > 180 and angle < 200:
                    return None
                for step in range(3):
                    if step > angle or step == 2:
                        angle -= 1
                return OrbitData(angle=angle)
      `,
      path: 'app/modules/calculation/orbit/module.py',
    },
    {
      bad: py`
        class OrbitModule(BaseModule):
            def pick(self, a: int) -> int:
        #       ^^^^ GR805 none
                return 1 if a else 2
      `,
      path: 'src/features/calculation/orbit/module.py',
      options: { roots: ['src/features'], maxComplexity: 1 },
    },
    {
      ok: py`
        from app.modules.base import BaseModule

        from .service import calculate_orbit


        class OrbitModule(BaseModule):
            async def initialize(self) -> None:
                await super().initialize()
                async for db in async_get_db():
                    row = (await db.execute(query)).scalar_one_or_none()
                    self.config = row.config if row else self.default_config()
                    break

                def wire(name: str) -> None:
                    event_bus.subscribe(name, self.handle_event)

                wire("user.updated")
                self.initialized = True

            async def get_profile(self, user_id: int) -> OrbitData:
                return await calculate_orbit(user_id, self.config)
      `,
      path: 'app/modules/calculation/orbit/module.py',
    },
    {
      ok: py`
        def normalise(angle: float) -> float:
            return angle % 360
      `,
      path: 'app/modules/calculation/orbit/service.py',
    },
    {
      ok: py`
        def load(name: str) -> None:
            return import_module(name)
      `,
      path: 'app/plugins/module.py',
    },
    {
      ok: py`
        def to_row(name: str) -> dict[str, str]:
            return {"name": name}
      `,
      path: 'app/modules/users/api/module.py',
    },
  ],
  on: {
    function_definition(definition, file, { maxComplexity }) {
      if (file.enclosingFunction(definition)) return undefined;
      const name = definition.field('name');
      if (!file.enclosingClass(definition)) {
        // PEP 562: the module's own protocol, not logic.
        if (name.text === '__getattr__' || name.text === '__dir__') return undefined;
        return {
          at: name,
          message: `The function \`${name.text}\` stands in \`module.py\`; move it to \`service.py\`.`,
        };
      }
      const complexity = complexityOf(definition);
      if (complexity <= maxComplexity) return undefined;
      return {
        at: name,
        message: `The method \`${name.text}\` has a complexity of ${complexity} (at most ${maxComplexity} in \`module.py\`); move its logic to \`service.py\`.`,
      };
    },
  },
});
