import { z } from 'zod';
import {
  ancestry,
  defineRule,
  type Finding,
  isMappedClass,
  isSqlmodelTable,
  type Layer,
  type LayoutOptions,
  layoutOptions,
  mappedAttributes,
  placeOf,
  py,
  type SourceFile,
  schemaBase,
  type TypedNode,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR838',
  name: 'misplaced-definition',
  family: 'structure',
  severity: 'warning',
  standards: ['backend'],
  summary: "A model, schema, repository, service or router outside its layer's folder",
  advice: 'Move it to a module of its layer, and import it from there',
  why: 'The folders say where things are: whoever looks for the schema of an order opens `schemas/`. A schema that stands in a route file is found by accident, is written a second time by the next one who needs it, and cannot be imported by a service without importing the routes.',
  fix: 'none',
  requirements: ['004-084', '004-094'],
  peers: [],
  options: z.strictObject(layoutOptions),
  applies: (file, options) => layerHere(file, options) !== undefined,
  examples: [
    {
      bad: py`
        from fastapi import APIRouter
        from pydantic import BaseModel
        from sqlalchemy.orm import Mapped, mapped_column

        from src.models.base import Base


        class OrderCreate(BaseModel):
            # ^^^^^^^^^^^ GR838 none: The schema \`OrderCreate\` is defined in a service file; move it to a schemas module.
            count: int


        class Order(Base):
            # ^^^^^ GR838 none: The model \`Order\` is defined in a service file; move it to a models module.
            __tablename__ = "orders"
            id: Mapped[int] = mapped_column(primary_key=True)


        class OrderRepository:
            # ^^^^^^^^^^^^^^^ GR838 none: The repository \`OrderRepository\` is defined in a service file; move it to a repositories module.
            def __init__(self, session):
                self._session = session


        router = APIRouter()
        ^^^^^^ GR838 none: The router \`router\` is defined in a service file; move it to a routes module.


        class OrderService:
            def __init__(self, orders: OrderRepository):
                self._orders = orders
      `,
      path: 'src/services/order_service.py',
    },
    {
      bad: py`
        from sqlmodel import SQLModel


        class Item(SQLModel, table=True):
            # ^^^^ GR838 none: The model \`Item\` is defined in a route file; move it to a models module.
            id: int


        class ItemService:
            # ^^^^^^^^^^^ GR838 none: The service \`ItemService\` is defined in a route file; move it to a services module.
            def create(self):
                return Item()
      `,
      path: 'backend/app/api/routes/items.py',
    },
    {
      ok: py`
        from typing import Protocol

        from pydantic import BaseModel
        from pydantic_settings import BaseSettings
        from sqlalchemy.orm import DeclarativeBase


        class Base(DeclarativeBase):
            pass


        class DatabaseSettings(BaseModel):
            url: str


        class Settings(BaseSettings):
            database: DatabaseSettings


        class UserRepository(Protocol):
            async def get(self, user_id): ...
      `,
      path: 'src/core/config.py',
    },
    {
      ok: py`
        from enum import StrEnum
        from dataclasses import dataclass


        class Sort(StrEnum):
            NAME = "name"


        @dataclass
        class Totals:
            count: int


        class UserServiceError(Exception):
            pass


        class GitRepository:
            def clone(self, url):
                return url


        class UserService:
            class Page:
                pass
      `,
      path: 'src/services/user_service.py',
    },
    {
      ok: py`
        from fastapi import APIRouter, FastAPI
        from pydantic import BaseModel

        app = FastAPI()
        router = APIRouter()


        class Health(BaseModel):
            status: str
      `,
      path: 'src/main.py',
    },
    {
      ok: py`
        from pypika import Table


        class TypedTable(Table):
            __table__ = ""
      `,
      path: 'app/core/tables.py',
    },
    {
      ok: py`
        from pydantic import BaseModel


        class ItemCreate(BaseModel):
            name: str


        class ItemRepository:
            def __init__(self, session):
                self._session = session
      `,
      path: 'src/items/service.py',
    },
  ],
  on: {
    class_definition(definition, file, options) {
      const layer = layerHere(file, options);
      if (!layer || file.enclosingFunction(definition) || file.enclosingClass(definition)) return undefined;
      const kind = kindOf(definition, file);
      return kind && misplaced(kind, definition.field('name'), layer);
    },
    assignment(assignment, file, options) {
      const layer = layerHere(file, options);
      const made = layer && assignment.field('right');
      if (!layer || !made?.is('call')) return undefined;
      const name = assignment.field('left');
      if (!name.is('identifier') || !routers.has(file.qualified(made.field('function')) ?? '')) return undefined;
      if (file.enclosingFunction(assignment) || file.enclosingClass(assignment)) return undefined;
      return misplaced('router', name, layer);
    },
  },
});

type Kind = 'model' | 'schema' | 'repository' | 'service' | 'router';

/** The layer of a file in the layout of one folder a layer. */
function layerHere(file: { readonly path: string }, options: LayoutOptions): Layer | undefined {
  const place = placeOf(file, options);
  return place?.layout === 'layers' ? place.layer : undefined;
}

function misplaced(kind: Kind, name: TypedNode<'identifier'>, layer: Layer): Finding | undefined {
  const { home, places } = homes[kind];
  if (places.includes(layer)) return undefined;
  return {
    at: name,
    message: `The ${kind} \`${name.text}\` is defined in ${layerNames[layer]}; move it to ${home}.`,
  };
}

/** Where each kind belongs, a folder or a file of the layer, and the layers in which it is nobody's business. */
const homes: Record<Kind, { readonly home: string; readonly places: readonly Layer[] }> = {
  model: { home: 'a models module', places: ['models'] },
  // Groups of settings are schemas too.
  schema: { home: 'a schemas module', places: ['schemas', 'core'] },
  repository: { home: 'a repositories module', places: ['repositories', 'crud'] },
  service: { home: 'a services module', places: ['services'] },
  router: { home: 'a routes module', places: ['routes', 'api'] },
};

const layerNames: Record<Layer, string> = {
  api: 'an API file',
  routes: 'a route file',
  dependencies: 'a dependencies file',
  services: 'a service file',
  repositories: 'a repository file',
  crud: 'a CRUD file',
  models: 'a model file',
  schemas: 'a schema file',
  core: 'a core file',
};

/** What a class is, as far as its bases and its name tell. */
function kindOf(definition: TypedNode<'class_definition'>, file: SourceFile): Kind | undefined {
  const superclasses = definition.field('superclasses');
  const name = definition.field('name').text;
  if (superclasses) {
    if (isModel(definition, file)) return 'model';
    const base = schemaBase(ancestry(file, definition));
    if (base === 'BaseModel' || base === 'RootModel') return 'schema';
    if (base !== undefined || isAbstract(definition, file)) return undefined;
  }
  if (/\w(?:Repository|Repo)$/.test(name)) return foreignRepository.test(name) ? undefined : 'repository';
  return /\wService$/.test(name) ? 'service' : undefined;
}

function isModel(definition: TypedNode<'class_definition'>, file: SourceFile): boolean {
  if (file.classBindings(definition, '__abstract__').length > 0) return false;
  if (file.classBindings(definition, '__table__').some((table) => table.value?.is('string'))) return false;
  if (file.classBindings(definition, '__tablename__').length > 0) return mappedAttributes(file, definition).length > 0;
  if (isSqlmodelTable(definition)) return schemaBase(ancestry(file, definition)) === 'SQLModel';
  const isBase = file
    .bases(definition)
    .slice(0, 1)
    .some((base) => base?.startsWith('sqlalchemy.'));
  return !isBase && isMappedClass(file, definition) === true;
}

/** What others implement may stand beside those who use it. */
function isAbstract(definition: TypedNode<'class_definition'>, file: SourceFile): boolean {
  return file.bases(definition).some((base) => base !== undefined && abstractBases.test(base));
}

const abstractBases =
  /^(?:typing|typing_extensions)\.(?:Protocol|NamedTuple|TypedDict)$|^abc\.ABC$|^enum\.\w+$|^builtins\.\w*(?:Error|Exception)$/;
/** Repositories of code, packages and images. */
const foreignRepository =
  /^_*(?:Git\w*|Code|Source|Docker|Helm|Maven|Package|Image|Remote|Local|Upstream|Svn|Hg)Repo(?:sitory)?$/;
const routers = new Set(['fastapi.APIRouter', 'fastapi.routing.APIRouter']);
