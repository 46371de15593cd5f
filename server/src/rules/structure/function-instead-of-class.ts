import { z } from 'zod';
import {
  annotatedSession,
  defineRule,
  dependsCall,
  type LayoutOptions,
  layoutOptions,
  ownName,
  type Parameter,
  parametersOf,
  placeOf,
  py,
  type SourceFile,
  type TypedNode,
} from '../../engine/index.ts';

/** A free function and the dependencies it takes, each by what tells them apart. */
interface Data {
  readonly name: string;
  readonly dependencies: readonly { readonly key: string; readonly shown: string }[];
}

const options = z.strictObject({
  ...layoutOptions,
  minimum: z
    .number()
    .int()
    .min(2)
    .default(2)
    .meta({ description: 'How many functions of a file must share a dependency.' }),
});

export default defineRule<typeof options, Data>({
  code: 'GR826',
  name: 'function-instead-of-class',
  family: 'structure',
  severity: 'hint',
  standards: ['backend'],
  summary: 'Free functions of a service file that all take the same dependency',
  advice: 'Make them methods of a service class that takes the dependency once',
  why: 'Functions that each take the session or a repository are a class whose `self` is passed by hand: every caller has to have the dependency, and to pass on the same one. A service class takes it once, where it is provided, and can be replaced as a whole in a test.',
  fix: 'none',
  requirements: ['004-061', '004-256'],
  peers: [],
  options,
  applies: (file, options) => isFreeService(file, options),
  examples: [
    {
      bad: py`
        from typing import Annotated

        from fastapi import Depends
        from sqlalchemy.ext.asyncio import AsyncSession

        from src.repositories.user_repository import UserRepository


        async def create_user(session: AsyncSession, name: str):
            #     ^^^^^^^^^^^ GR826 none: \`create_user\` shares \`session: AsyncSession\` with \`rename_user\`; make them methods of a service class that takes it once.
            ...


        async def rename_user(user_id: int, session: AsyncSession, users: UserRepository):
            #     ^^^^^^^^^^^ GR826 none: \`rename_user\` shares \`session: AsyncSession\` with \`create_user\`; make them methods of a service class that takes it once.
            ...


        def count_users(users: Annotated[UserRepository, Depends()]):
            ...
      `,
      path: 'src/services/user_service.py',
    },
    {
      bad: py`
        def send(to, mail_client):
        #   ^^^^ GR826 none: \`send\` shares \`mail_client\` with 2 other functions; make them methods of a service class that takes it once.
            ...


        def remind(to, mail_client):
        #   ^^^^^^ GR826 none
            ...


        def _deliver(mail_client):
        #   ^^^^^^^^ GR826 none
            ...
      `,
      path: 'app/services/mail.py',
    },
    {
      ok: py`
        from sqlalchemy.ext.asyncio import AsyncSession


        class UserService:
            def __init__(self, session: AsyncSession):
                self._session = session

            async def create(self, session: AsyncSession):
                ...


        def get_user_service(session: AsyncSession) -> UserService:
            return UserService(session)


        def get_guest_service(session: AsyncSession) -> UserService:
            return UserService(session)


        async def create_user(session: AsyncSession, name: str):
            ...


        def full_name(user: User, name: str):
            ...


        def short_name(user: User, name: str):
            ...
      `,
      path: 'src/services/user_service.py',
    },
    {
      ok: py`
        async def calculate(session: AsyncSession):
            ...


        async def compare(session: AsyncSession):
            ...
      `,
      path: 'app/modules/calculation/numerology/service.py',
    },
    {
      ok: py`
        def get(db_session, incident_id):
            ...


        def create(db_session, incident):
            ...
      `,
      path: 'src/dispatch/incident/service.py',
    },
  ],
  collect: {
    function_definition(definition, file) {
      if (file.enclosingFunction(definition) || file.enclosingClass(definition) || isProvider(file, definition))
        return undefined;
      const dependencies = parametersOf(definition).flatMap((parameter) => {
        const key = dependencyKey(file, parameter);
        return key === undefined ? [] : [{ key, shown: shownAs(parameter) }];
      });
      const name = definition.field('name');
      return dependencies.length === 0 ? undefined : { at: name, data: { name: name.text, dependencies } };
    },
  },
  file(facts, _file, { minimum }) {
    return facts.flatMap(({ at, data }) => {
      for (const { key, shown } of data.dependencies) {
        const sharing = facts.filter((other) => other.data.dependencies.some((one) => one.key === key));
        const others = sharing.filter((other) => other.data !== data);
        if (sharing.length < minimum || others.length === 0) continue;
        const [only] = others;
        const whom = others.length === 1 && only ? `\`${only.data.name}\`` : `${others.length} other functions`;
        return [
          {
            at,
            message: `\`${data.name}\` shares \`${shown}\` with ${whom}; make them methods of a service class that takes it once.`,
          },
        ];
      }
      return [];
    });
  },
});

/** A file of services that stand side by side in one folder, rather than as packages. */
function isFreeService(file: { readonly path: string }, options: LayoutOptions): boolean {
  const place = placeOf(file, options);
  return place?.layer === 'services' && place.layout === 'layers';
}

/** What a parameter depends on, when it is something that a service is given to work with. */
function dependencyKey(file: SourceFile, { name, annotation, default: value }: Parameter): string | undefined {
  if (!annotation) return unannotated.test(name) || dependsCall(file, value) ? `name ${name}` : undefined;
  const type = annotation.text.replace(/\s*\|\s*None$|^None\s*\|\s*/, '');
  const isDependency =
    annotatedSession(file, annotation) !== undefined ||
    dependencyTypes.test(type) ||
    /\bDepends\(/.test(type) ||
    dependsCall(file, value) !== undefined;
  return isDependency ? `type ${type}` : undefined;
}

const dependencyTypes =
  /(?:^|\.)\w*(?:Repository|Repo|Client|Gateway|UnitOfWork|UoW|Service|Session|SessionDep|Redis)$/;
const unannotated =
  /^_*(?:db|session|db_session|async_session|uow|unit_of_work|redis)$|_(?:repo|repository|client|service|gateway)$/;

function shownAs({ name, annotation }: Parameter): string {
  return annotation ? `${name}: ${annotation.text.replace(/\s+/g, ' ')}` : name;
}

/** A function that provides the service: it wires, and has to be free. */
function isProvider(file: SourceFile, definition: TypedNode<'function_definition'>): boolean {
  const returned = definition.field('return_type')?.firstNamed;
  if (returned?.is('identifier') && /^_*[A-Z]\w*(?:Service|Repository|UnitOfWork)$/.test(returned.text)) return true;
  if (returned && ownName(file.qualified(returned)) !== undefined && file.binding(returned)?.kind === 'class')
    return /^get_|^provide|^make_|^create_\w+_service$/.test(definition.field('name').text);
  return /^(?:get|provide|make)_\w*(?:service|repository|uow)$/.test(definition.field('name').text);
}
