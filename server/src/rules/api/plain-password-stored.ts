import {
  argumentsOf,
  defineRule,
  definitionOf,
  isMappedClass,
  isTestFile,
  mappedAttributes,
  type Node,
  py,
  type SourceFile,
  type TypedNode,
  trace,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR626',
  name: 'plain-password-stored',
  family: 'api',
  severity: 'error',
  standards: ['backend'],
  summary: 'A password is stored as it was typed',
  advice: 'Store what `hash_password()` makes of it',
  why: 'Whoever gets a copy of the table, a backup or a query log has the password of every user, here and wherever they use it again. A bcrypt hash answers the only question that the service ever asks.',
  fix: 'none',
  requirements: ['004-152'],
  peers: ['Sonar S5344'],
  mentions: ['password', 'passwd', 'Password'],
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        from sqlalchemy.orm import DeclarativeBase, Mapped


        class Base(DeclarativeBase):
            pass


        class User(Base):
            __tablename__ = "users"
            password: Mapped[str]


        def register(form: UserCreate) -> User:
            return User(name=form.name, password=form.password)
        #                               ^^^^^^^^^^^^^^^^^^^^^^ GR626 none: \`password\` of \`User\` gets \`form.password\` as it was typed; store what a hash function makes of it.
      `,
    },
    {
      bad: py`
        def register(session: Session, form: UserCreate, password: str) -> None:
            user = User(email=form.email, hashed_password=form.password)
        #                                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR626 none: \`hashed_password\` of \`User\` gets \`form.password\` as it was typed; store what a hash function makes of it.
            plain = password.strip()
            other = Account(password=plain)
            session.add(other)


        async def change(session: Session, user: User, new_password: str) -> None:
            text = new_password
            user.password = text
        #   ^^^^^^^^^^^^^^^^^^^^ GR626 none: \`password\` of \`user\` gets \`new_password\` as it was typed; store what a hash function makes of it.
            session.add(user)
            await session.commit()
      `,
    },
    {
      ok: py`
        def register(session: Session, form: UserCreate, password_hash: str) -> None:
            hashed = hash_password(form.password)
            session.add(User(password=hashed))
            session.add(User(password=pwd_context.hash(form.password)))
            session.add(User(password=password_hash, hashed_password=get_password_hash(form.password)))


        def change(session: Session, user: User, password: str) -> None:
            password = bcrypt.hashpw(password.encode(), bcrypt.gensalt())
            user.password = password
            session.commit()
      `,
    },
    {
      ok: py`
        from pydantic import BaseModel


        class Login(BaseModel):
            password: str


        def login(form: LoginForm) -> Login:
            connect(password=form.password)
            smtp.password = settings.smtp_password
            return Login(password=form.password), UserUpdate(password=form.new_password)
      `,
    },
    {
      ok: py`
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
        from sqlalchemy_utils import PasswordType


        class Base(DeclarativeBase):
            pass


        class User(Base):
            __tablename__ = "users"
            password: Mapped[str] = mapped_column(PasswordType(schemes=["bcrypt"]))

            def set_password(self, password: str) -> None:
                self.password = password


        def register(form: UserCreate) -> User:
            return User(password=form.password)
      `,
    },
  ],
  on: {
    keyword_argument(keyword, file) {
      const field = keyword.field('name').text;
      if (!isPasswordField(field)) return undefined;
      const call = keyword.parent?.parent;
      if (!call?.is('call') || !keyword.parent?.is('argument_list')) return undefined;
      const made = call.field('function');
      const name = made.is('attribute') ? made.field('attribute').text : made.text;
      if (!/^_?[A-Z]\w*[a-z]/.test(name)) return undefined;
      const plain = plainPassword(keyword.field('value'), file);
      if (plain === undefined || !isStoredAs(call, made, field, file)) return undefined;
      return { at: keyword, message: message(field, name, plain) };
    },
    assignment(assignment, file) {
      const left = assignment.field('left');
      const right = assignment.field('right');
      if (!left.is('attribute') || !right) return undefined;
      const field = left.field('attribute').text;
      const object = left.field('object');
      if (!isPasswordField(field) || !object.is('identifier') || object.text === 'self') return undefined;
      const plain = plainPassword(right, file);
      if (plain === undefined || !(saysHash.test(field) || isSaved(assignment, object.text, file))) return undefined;
      return { at: assignment, message: message(field, object.text, plain) };
    },
  },
});

function message(field: string, owner: string, plain: string): string {
  return `\`${field}\` of \`${owner}\` gets \`${plain}\` as it was typed; store what a hash function makes of it.`;
}

/** Names of fields whose value has to be a hash where they are stored. */
function isPasswordField(name: string): boolean {
  return /^_?(?:user_)?(?:hashed_?)?(?:password|passwd)(?:_?hash(?:ed)?|_?digest)?$/i.test(name);
}

const saysHash = /hash|digest/i;

/** The name of a typed password that an expression is, with nothing done to it on the way. */
function plainPassword(value: Node, file: SourceFile): string | undefined {
  for (const origin of trace(file, value)) {
    if (origin.via.some((step) => step === 'format' || step === 'element' || step === 'call')) continue;
    const { node, binding } = origin;
    if (node.is('identifier')) {
      if (binding?.kind === 'parameter' && isTyped(node.text)) return node.text;
    } else if (node.is('attribute')) {
      const owner = node.field('object');
      // What comes from settings is the password of a service; what comes from a row is hashed already.
      if (isTyped(node.field('attribute').text) && owner.is('identifier') && isInput(owner, file)) return node.text;
    }
  }
  return undefined;
}

function isTyped(name: string): boolean {
  return /^(?:new_|plain_|raw_|user_|current_|clear_)?(?:password|passwd|pwd)(?:1|_plain|_raw|_text)?$/i.test(name);
}

/** Whether a name holds what a client sent: a parameter, by its name or by the name of its annotation. */
function isInput(owner: Node, file: SourceFile): boolean {
  const binding = file.binding(owner);
  if (binding?.kind !== 'parameter') return false;
  if (/^(?:self|cls|settings|config|options|row|record)$/.test(owner.text)) return false;
  return inputNames.test(owner.text) || inputTypes.test(binding.annotation?.text ?? '');
}

const inputNames =
  /(?:^|_)(?:in|data|form|body|payload|request|req|input|create|update|schema|dto|credentials|params)$/;
const inputTypes =
  /(?:Create|Update|Register|Registration|SignUp|Signup|In|Form|Request|Input|Payload|DTO|Schema|Reset|Change)\w*["' |\]]*/;

/** Whether a call makes a row: a mapped class of this file, a field named as a hash, or an object that is added to a session. */
function isStoredAs(call: TypedNode<'call'>, made: Node, field: string, file: SourceFile): boolean {
  const definition = definitionOf(file, made);
  if (definition?.is('class_definition')) {
    if (isMappedClass(file, definition) !== true) return false;
    const column = mappedAttributes(file, definition).find((attribute) => attribute.name === field);
    // A type or a setter of its own may hash what it gets.
    return !/Password|Encrypt|Hash/.test(column?.statement.text ?? '') && !hasSetter(file, definition, field);
  }
  if (saysHash.test(field)) return true;
  const holder = call.parent;
  if (holder?.is('argument_list') && holder.parent?.is('call')) return isAdd(holder.parent);
  const target = holder?.is('assignment') ? holder.field('left') : undefined;
  return target?.is('identifier') === true && isSaved(call, target.text, file);
}

function hasSetter(file: SourceFile, definition: TypedNode<'class_definition'>, field: string): boolean {
  return file.classBindings(definition, field).some((binding) => binding.kind === 'function');
}

/** Whether the function adds the object of a name to a session. */
function isSaved(at: Node, name: string, file: SourceFile): boolean {
  const body = file.enclosingFunction(at)?.field('body');
  return (body?.below('call') ?? []).some(
    (call) =>
      isAdd(call) &&
      argumentsOf(call).positional.some((argument) => argument.is('identifier') && argument.text === name),
  );
}

function isAdd(call: TypedNode<'call'>): boolean {
  const callee = call.field('function');
  if (!callee.is('attribute') || !/^(?:add|merge)$/.test(callee.field('attribute').text)) return false;
  return /(?:session|db|uow|tx)\w*$/i.test(callee.field('object').text.slice(-40));
}
