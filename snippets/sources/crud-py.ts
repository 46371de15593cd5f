import { ask, pascal, pythonSnippet, template } from '../define.ts';

const modelName = ask(1, 'model_name', 'module_name');
const ModelName = pascal(modelName);
const createSchema = ask(2, 'create_schema', 'Create');
const updateSchema = ask(3, 'update_schema', 'Update');
const deleteSchema = ask(4, 'delete_schema', 'Delete');
const modulePath = ask(5, 'module_path', '');

export const crudPy = pythonSnippet({
  id: 'S-crud-py',
  name: 'Module data access (crud.py)',
  prefix: 'gr-module-crud',
  description: 'FastCRUD typed for a model and its schemas. Goes with gr-module-models and gr-module-schemas.',
  file: 'crud.py',
  requirements: ['000-027', '003-011'],
  body: template`
"""Data access of the ${modelName} module."""

from fastcrud import FastCRUD

from ${modulePath}.models import ${ModelName}
from ${modulePath}.schemas import (
    ${ModelName}${createSchema},
    ${ModelName}${deleteSchema},
    ${ModelName}Read,
    ${ModelName}${updateSchema},
)

CRUD${ModelName} = FastCRUD[
    ${ModelName},
    ${ModelName}${createSchema},
    ${ModelName}${updateSchema},
    ${ModelName}${updateSchema},
    ${ModelName}${deleteSchema},
    ${ModelName}Read,
]
crud_${modelName} = CRUD${ModelName}(${ModelName})
`,
});
