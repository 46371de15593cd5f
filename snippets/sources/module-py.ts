import { ask, choose, pascal, pythonSnippet, template } from '../define.ts';

const moduleName = ask(1, 'module_name', 'module_name');
const ModuleName = pascal(moduleName);
const layer = choose(2, 'layer', 'calculation', 'tracking', 'intelligence');
const description = ask(3, 'description', 'Position of a moment in its cycle');
const appRoot = ask(4, 'app_root', 'app');
const subscription = ask(5, 'subscription', 'user.updated');
const eventName = ask(6, 'event_name', 'calculated');
const configKey = ask(7, 'config_key', 'cycle_days');
const configDefault = ask(8, 'config_default', '30');
const calculation = ask(9, 'function', moduleName);

export const modulePy = pythonSnippet({
  id: 'S-module-py',
  name: 'Module class (module.py)',
  prefix: 'gr-module',
  description:
    'A BaseModule subclass that loads its configuration from the database, subscribes, publishes and contributes to synthesis. Goes with gr-module-schemas and gr-module-service.',
  file: 'module.py',
  requirements: [
    '000-003',
    '000-022',
    '000-034',
    '000-035',
    '000-036',
    '000-038',
    '000-056',
    '000-058',
    '003-001',
    '003-002',
    '003-003',
    '003-004',
    '003-007',
    '003-014',
    '003-015',
    '003-016',
    '003-017',
    '003-018',
    '003-019',
    '003-020',
    '003-021',
    '003-022',
    '003-023',
    '003-024',
    '003-025',
    '003-026',
    '003-027',
    '003-028',
    '003-029',
    '003-030',
  ],
  body: template`
"""The ${moduleName} module: what the rest of the application sees of it."""

import logging
from datetime import UTC, datetime
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import select

from ${appRoot}.core.db.database import async_get_db
from ${appRoot}.core.events import event_bus
from ${appRoot}.models.system_configuration import SystemConfiguration
from ${appRoot}.modules.base import BaseModule

from .schemas import ConfigValue, ${ModuleName}Data, ${ModuleName}Input
from .service import calculate_${calculation}

logger = logging.getLogger(__name__)


class ${ModuleName}Module(BaseModule):
    """${description}."""

    name = "${moduleName}"
    layer = "${layer}"
    version = "1.0.0"
    description = "${description}"

    async def initialize(self) -> None:
        """Load the active configuration, subscribe to events and become ready."""
        await super().initialize()
        async for db in async_get_db():
            result = await db.execute(
                select(SystemConfiguration).where(
                    SystemConfiguration.module_name == self.name,
                    SystemConfiguration.is_active.is_(True),
                )
            )
            row = result.scalar_one_or_none()
            self.config = row.config if row else self.default_config()
            break
        await event_bus.initialize()
        event_bus.subscribe("${subscription}", self.handle_event)
        self.initialized = True

    async def contribute_to_synthesis(self, user_id: UUID) -> dict[str, JsonValue]:
        """Give the master synthesis this module's view of a user.

        Args:
            user_id: The user to describe.

        Returns:
            The module's name and layer, the profile, its insights and how sure they are.
        """
        profile = await self.get_profile(user_id)
        return {
            "module": self.name,
            "layer": self.layer,
            "data": profile.model_dump(mode="json"),
            "insights": list(self.extract_insights(profile)),
            "metadata": {"confidence": float(self.config.get("confidence", 1.0))},
        }

    async def get_profile(self, user_id: UUID) -> ${ModuleName}Data:
        """Calculate the profile of a user as of now.

        Args:
            user_id: The user to calculate for.

        Returns:
            The calculated profile.
        """
        source = ${ModuleName}Input(user_id=user_id, moment=datetime.now(UTC))
        return await calculate_${calculation}(source, self.config)

    async def handle_event(self, payload: dict[str, JsonValue]) -> None:
        """Recalculate after a change and tell the other modules.

        Args:
            payload: The body of the event, with the fields of ${ModuleName}Input.
        """
        source = ${ModuleName}Input.model_validate(payload)
        profile = await calculate_${calculation}(source, self.config)
        await event_bus.publish("${moduleName}.${eventName}", profile.model_dump(mode="json"))
        logger.info("Published %s.${eventName} for user %s", self.name, source.user_id)

    def default_config(self) -> dict[str, ConfigValue]:
        """Give the configuration that holds while the database has none.

        Returns:
            Every tunable of the module with its default.
        """
        return {"${configKey}": ${configDefault}, "confidence": 1.0}

    def extract_insights(self, profile: ${ModuleName}Data) -> list[str]:
        """Put the main findings of a profile into words.

        Args:
            profile: The profile to read.

        Returns:
            One sentence for each finding.
        """
        half = "second" if profile.is_second_half else "first"
        return [f"The moment lies in the {half} half of its cycle, at {profile.value:.0%}."]
`,
});
