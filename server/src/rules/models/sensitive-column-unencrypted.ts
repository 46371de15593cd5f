import { z } from 'zod';
import {
  argumentsOf,
  attributeOf,
  constructOf,
  defineRule,
  endsWithName,
  type Finding,
  isMigration,
  isMigrationPath,
  isSqlmodelTable,
  isTestFile,
  mappedAnnotation,
  type Node,
  py,
  type SourceFile,
  sqlalchemyName,
  stringValue,
  type TypedNode,
} from '../../engine/index.ts';

const defaultNames = [
  'ssn',
  'social_security',
  'social_security_number',
  'national_id',
  'national_insurance_number',
  'tax_id',
  'taxpayer_id',
  'passport_number',
  'passport_no',
  'drivers_license',
  'driver_license',
  'driver_license_number',
  'credit_card',
  'credit_card_number',
  'card_number',
  'cvv',
  'cvc',
  'iban',
  'bank_account',
  'bank_account_number',
  'routing_number',
  'medical_record',
  'diagnosis',
  'api_key',
  'api_secret',
  'client_secret',
  'webhook_secret',
  'totp_secret',
  'otp_secret',
  'mfa_secret',
  'secret_key',
  'private_key',
  'access_token',
  'refresh_token',
];

export default defineRule({
  code: 'GR236',
  name: 'sensitive-column-unencrypted',
  family: 'models',
  severity: 'information',
  standards: ['backend'],
  summary: 'A column for sensitive data has a plain string type',
  advice: 'Use a type that encrypts what it stores, or store a hash',
  why: 'A plain text column gives what it holds to everybody who sees the table: each backup, replica, query log and support tool. A type that encrypts on the way in (a `TypeDecorator`, or `StringEncryptedType` of sqlalchemy-utils) keeps it readable for the application alone; a token that is only compared can be stored as a hash.',
  fix: 'none',
  requirements: ['004-173'],
  peers: [],
  options: z.strictObject({
    names: z.array(z.string()).default(defaultNames).meta({
      description: 'Names of sensitive columns; a column counts that is called so or ends in `_` and such a name.',
    }),
  }),
  mentions: ['Column', 'mapped_column', 'Mapped', 'Field'],
  calls: ['Column'],
  applies: (file) => !isTestFile(file) && !isMigrationPath(file),
  examples: [
    {
      bad: py`
        from sqlalchemy import Column, String, Table, Text
        from sqlalchemy.orm import Mapped, mapped_column

        from app.database import Base


        class Customer(Base):
            __tablename__ = "customer"

            ssn: Mapped[str] = mapped_column(String(11))
        #   ^^^ GR236 none: \`ssn\` is sensitive but stored as plain text (\`String(11)\`); give the column a type that encrypts it, or store a hash.
            home_passport_number: Mapped[str | None]
        #   ^^^^^^^^^^^^^^^^^^^^ GR236 none: \`home_passport_number\` is sensitive but stored as plain text (\`Mapped[str | None]\`); give the column a type that encrypts it, or store a hash.
            iban: Mapped[str] = mapped_column(unique=True)
        #   ^^^^ GR236 none
            api_key = Column(Text, nullable=False)
        #   ^^^^^^^ GR236 none


        accounts = Table("accounts", Base.metadata, Column("refresh_token", Text()))
        #                                                  ^^^^^^^^^^^^^^^ GR236 none: \`refresh_token\` is sensitive but stored as plain text (\`Text()\`); give the column a type that encrypts it, or store a hash.
      `,
    },
    {
      options: { names: ['badge'] },
      bad: py`
        from sqlmodel import Column, Field, SQLModel, String


        class Guard(SQLModel, table=True):
            id: int = Field(primary_key=True)
            badge: str
        #   ^^^^^ GR236 none: \`badge\` is sensitive but stored as plain text (\`str\`); give the column a type that encrypts it, or store a hash.
            old_badge: str | None = Field(default=None, max_length=10)
        #   ^^^^^^^^^ GR236 none
            new_badge: str = Field(sa_column=Column(String))
        #   ^^^^^^^^^ GR236 none
            ssn: str
      `,
    },
    {
      ok: py`
        from sqlalchemy import Boolean, ForeignKey, LargeBinary, String
        from sqlalchemy.orm import Mapped, mapped_column
        from sqlalchemy_utils import StringEncryptedType

        from app.database import Base
        from app.types import Encrypted


        class Customer(Base):
            __tablename__ = "customer"

            ssn: Mapped[str] = mapped_column(StringEncryptedType(String, KEY))
            iban: Mapped[str] = mapped_column(Encrypted)
            tax_id: Mapped[str] = mapped_column(ForeignKey("tax.id"))
            api_key: Mapped[bytes] = mapped_column(LargeBinary)
            card_number: Mapped[Encrypted]
            _cvv: Mapped[str] = mapped_column("cvv_sealed", String)
      `,
    },
    {
      ok: py`
        from sqlalchemy import Column, String


        class Parameter(Base):
            __tablename__ = "parameters"

            client_id_aws_secret_key = Column(String, nullable=False)
            master_password_aws_secret_key = Column(String, nullable=False)
      `,
    },
    {
      ok: py`
        from sqlalchemy import Boolean, String
        from sqlalchemy.orm import Mapped, mapped_column

        from app.database import Base


        class Customer(Base):
            __tablename__ = "customer"

            api_key_hash: Mapped[str] = mapped_column(String)
            hashed_api_key: Mapped[str] = mapped_column(String)
            encrypted_ssn: Mapped[str] = mapped_column(String)
            ssn_encrypted: Mapped[str]
            card_number_last4: Mapped[str]
            masked_iban: Mapped[str]
            has_credit_card: Mapped[bool] = mapped_column(Boolean)
            access_token_id: Mapped[str]
            lessn: Mapped[str]
            password_hash: Mapped[str]
      `,
    },
    {
      // Schemas and dataclasses are no columns.
      ok: py`
        from dataclasses import dataclass

        from pydantic import BaseModel, Field
        from sqlmodel import SQLModel


        class CustomerCreate(BaseModel):
            ssn: str
            iban: str = Field(max_length=34)


        class CustomerBase(SQLModel):
            ssn: str


        @dataclass
        class Card:
            card_number: str
            cvv: str = "000"
      `,
    },
  ],
  on: {
    assignment(assignment, file, options) {
      const left = assignment.field('left');
      if (!left.is('identifier') || !isSensitive(left.text, options.names)) return undefined;
      if (file.enclosingFunction(assignment) || isMigration(file)) return undefined;
      const owner = file.enclosingClass(assignment);
      const type = owner && plainType(file, assignment, owner);
      return type && finding(left, left.text, type);
    },
    call(call, file, options) {
      const [name] = call.field('arguments').namedChildren;
      const text = name?.is('string') ? stringValue(name) : undefined;
      if (!name || text === undefined || !isSensitive(text, options.names)) return undefined;
      if (constructOf(file, call) !== 'Column' || attributeOf(file, call) || isMigration(file)) return undefined;
      const type = statedType(file, call);
      return type && type !== 'none' ? finding(name, text, type) : undefined;
    },
  },
});

function finding(at: Node, name: string, type: Node): Finding {
  return {
    at,
    message: `\`${name}\` is sensitive but stored as plain text (\`${type.text}\`); give the column a type that encrypts it, or store a hash.`,
  };
}

/** Whether a name is, or ends in, a sensitive one, and does not say that the value is protected or only told of. */
function isSensitive(name: string, names: readonly string[]): boolean {
  if (name.startsWith('_')) return false;
  const plain = name.toLowerCase();
  if (!endsWithName(plain, names)) return false;
  // The name of a secret in a store of secrets: `client_secret_aws_secret_key`.
  if (/(?:client_id|secret|password|token|key)_(?:aws_)?secret_(?:key|name|id)$/.test(plain)) return false;
  return !/(?:^|_)(?:encrypted|hashed|masked|redacted|hash|has|is|public|sealed|tokenized)_/.test(plain);
}

/** The plain string type of a class's column; undefined when it has another type, or nobody can tell. */
function plainType(
  file: SourceFile,
  assignment: TypedNode<'assignment'>,
  owner: TypedNode<'class_definition'>,
): Node | undefined {
  const annotation = assignment.field('type')?.firstNamed;
  const value = assignment.field('right');
  const call = value?.is('call') ? value : undefined;
  const construct = call && constructOf(file, call);
  if (construct === 'Column' || construct === 'mapped_column') {
    const stated = statedType(file, call ?? assignment);
    if (stated !== 'none') return stated;
    return construct === 'mapped_column' ? mappedString(file, annotation) : undefined;
  }
  if (construct === 'Field' && call) {
    const { keyword, hasDoubleSplat } = argumentsOf(call);
    const column = keyword('sa_column');
    const type = keyword('sa_type');
    if (column) {
      const stated = column.is('call') ? statedType(file, column) : undefined;
      return stated === 'none' ? undefined : stated;
    }
    if (type) return isPlainString(file, type) ? type : undefined;
    if (hasDoubleSplat || keyword('foreign_key')) return undefined;
  } else if (value && construct === undefined && !isConstant(value)) return undefined;
  const mapped = value ? undefined : mappedString(file, annotation);
  if (mapped) return mapped;
  return annotation && isSqlmodelTable(owner) && isStringText(annotation.text) ? annotation : undefined;
}

/** The plain string type that a column states; `none` when it states no type at all. */
function statedType(file: SourceFile, call: Node): Node | 'none' | undefined {
  if (!call.is('call')) return undefined;
  const { positional, keyword, hasSplat, hasDoubleSplat } = argumentsOf(call);
  if (hasSplat || hasDoubleSplat) return undefined;
  const [first] = positional;
  const type = keyword('type_') ?? (stringValue(first) === undefined ? first : positional[1]);
  if (!type) return 'none';
  return isPlainString(file, type) ? type : undefined;
}

function isPlainString(file: SourceFile, type: Node): boolean {
  const name = sqlalchemyName(file, type.is('call') ? type.field('function') : type);
  return name !== undefined && stringTypes.has(name);
}

const stringTypes = new Set(
  ['String', 'Text', 'Unicode', 'UnicodeText', 'VARCHAR', 'NVARCHAR', 'CHAR', 'NCHAR', 'TEXT', 'CITEXT'].concat(
    'AutoString',
  ),
);

function mappedString(file: SourceFile, annotation: Node | undefined): Node | undefined {
  const inner = mappedAnnotation(file, annotation)?.inner;
  return inner !== undefined && isStringText(inner) ? annotation : undefined;
}

/** `str`, `str | None`, `Optional[str]`. */
function isStringText(type: string): boolean {
  return /^(?:str|str\s*\|\s*None|None\s*\|\s*str|(?:\w+\.)?Optional\[\s*str\s*\])$/.test(type.trim());
}

function isConstant(value: Node): boolean {
  return value.is('string', 'none');
}
