import { ask, pascal, pythonSnippet, template } from '../define.ts';

const moduleName = ask(1, 'module_name', 'module_name');
const ModuleName = pascal(moduleName);
const field = ask(2, 'field', 'value');
const fieldType = ask(3, 'field_type', 'float');
const fieldExample = ask(4, 'field_example', '0.5');

export const schemasPy = pythonSnippet({
  id: 'S-schemas-py',
  name: 'Module schemas (schemas.py)',
  prefix: 'gr-module-schemas',
  description: 'What a module takes, calculates, stores and answers, as Pydantic models.',
  file: 'schemas.py',
  requirements: ['000-007', '000-023', '000-033', '000-042', '003-008', '003-031', '003-032', '003-033', '003-049'],
  body: template`
"""Schemas of the ${moduleName} module."""

from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

ConfigValue = str | int | float | bool


class ${ModuleName}Input(BaseModel):
    """What the calculation starts from."""

    user_id: UUID = Field(examples=["3f2b8c1e-5d47-4a8e-9c60-1b7d2e9f4a35"])
    moment: AwareDatetime = Field(examples=["2025-01-31T12:00:00Z"])


class ${ModuleName}Data(BaseModel):
    """What the module calculates."""

    ${field}: ${fieldType} = Field(examples=[${fieldExample}])
    is_second_half: bool = Field(examples=[True])
    calculated_at: AwareDatetime = Field(examples=["2025-01-31T12:00:05Z"])


class ${ModuleName}Create(BaseModel):
    """What is stored for a user; for crud.py."""

    user_id: UUID = Field(examples=["3f2b8c1e-5d47-4a8e-9c60-1b7d2e9f4a35"])
    data: ${ModuleName}Data


class ${ModuleName}Update(BaseModel):
    """What may change in a stored result; for crud.py."""

    data: ${ModuleName}Data | None = None


class ${ModuleName}Delete(BaseModel):
    """Which stored result goes; for crud.py."""

    id: int = Field(examples=[1])


class ${ModuleName}Read(BaseModel):
    """What the API answers for a stored result."""

    model_config = ConfigDict(from_attributes=True)

    id: int = Field(examples=[1])
    user_id: UUID = Field(examples=["3f2b8c1e-5d47-4a8e-9c60-1b7d2e9f4a35"])
    data: ${ModuleName}Data
    created_at: AwareDatetime = Field(examples=["2025-01-31T12:00:10Z"])
`,
});
