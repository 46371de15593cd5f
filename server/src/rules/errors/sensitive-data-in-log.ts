import { z } from 'zod';
import {
  argumentsOf,
  defineRule,
  type LogCall,
  logCallOf,
  logCalls,
  logWords,
  py,
  type SensitivePart,
  type SourceFile,
  sensitiveEntry,
  sensitiveNames,
  sensitiveParts,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR412',
  name: 'sensitive-data-in-log',
  family: 'errors',
  severity: 'error',
  standards: ['backend'],
  summary: 'A secret or personal data reaches a log',
  advice: 'Leave it out, or log an id or a masked form',
  why: 'Logs are copied to files, collectors and tickets, and kept for years; whoever can read them reads every password and token in them. A secret that was logged once has to be changed, and personal data has to be found and deleted in every copy.',
  fix: 'none',
  requirements: ['004-126', '004-171', '004-174', '004-338'],
  peers: [],
  options: z.strictObject({
    names: z
      .array(z.string())
      .default([...sensitiveNames])
      .meta({
        description: 'Names, in snake case, that mean a secret or personal data; names that end with one count.',
      }),
    allowed: z.array(z.string()).default([]).meta({ description: 'Names that may be logged nevertheless.' }),
  }),
  mentions: logWords,
  calls: logCalls,
  examples: [
    {
      bad: py`
        import logging

        logger = logging.getLogger(__name__)


        def login(user, password, data, user_email):
            logger.info("login of %s with %s", user.id, password)
        #                                               ^^^^^^^^ GR412 none: \`password\` reaches the log here; leave it out, or log an id or a masked form.
            logger.debug(f"{user.accessToken!r} {data['api_key']}")
        #                   ^^^^^^^^^^^^^^^^ GR412 none
        #                                        ^^^^^^^^^^^^^^^ GR412 none
            logger.warning("mail: " + str(user_email), extra={"phone": user.number})
        #                                 ^^^^^^^^^^ GR412 none: \`user_email\` reaches the log here; leave it out, or log an id or a masked form.
        #                                                     ^^^^^^^ GR412 none
            logger.error("%s" % headers.get("Authorization"), exc_info=True)
        #                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR412 none
      `,
    },
    {
      bad: py`
        import structlog

        log = structlog.get_logger()


        def login(user, password):
            log.bind(user_id=user.id).info("login", password=password, email=user.mail)
        #                                           ^^^^^^^^ GR412 none
        #                                                              ^^^^^ GR412 none
            log.info("{token} {0}".format(user.secret.get_secret_value(), token=user.jwt))
        #                                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR412 none
        #                                                                 ^^^^^ GR412 none
      `,
    },
    {
      bad: py`
        import logging

        logging.info("key %s", settings.SECRET_KEY or "none")
        #                      ^^^^^^^^^^^^^^^^^^^ GR412 none
      `,
    },
    {
      bad: py`
        import logging

        logger = logging.getLogger(__name__)


        def login(user, password):
            message = f"login of {user.name}"
            if user.is_new:
                message += " with " + password
            logger.info(message)
        #               ^^^^^^^ GR412 none: \`password\` reaches the log here; leave it out, or log an id or a masked form.
            payload = {"api_key": user.key, "name": user.name}
            logger.debug("sent %s", payload)
        #                           ^^^^^^^ GR412 none: \`api_key\` reaches the log here; leave it out, or log an id or a masked form.
      `,
    },
    {
      ok: py`
        import logging

        logger = logging.getLogger(__name__)


        def login(user, password, token):
            message = "login with %s" % password
            check(message)
            message = f"login of {user.name} with {mask(token)} {token[:4]}"
            logger.info(message)
            account = find(password)
            logger.info("%s", account)
            first = second = ""
            while account:
                first = f"{second} and"
                second = f"{first} or"
                logger.info(first)
      `,
    },
    {
      ok: py`
        import logging

        logger = logging.getLogger(__name__)


        def report(max_tokens, emails_sent, token_id, token, p, password):
            logger.info("%s %s %s", max_tokens, emails_sent, token_id)
            logger.info("%s %s", len(token), bool(token))
            logger.info("%s %s", mask(token), hash_password(password))
            logger.info(f"{token[:4]}… {token is None} {'set' if token else 'not set'}")
            logger.info("%s %s", answer["pageToken"], listing.next_page_token)
            logger.info("password changed", extra={"password": "***", "token": mask(token), "email": bool(p)})
      `,
    },
    {
      ok: py`
        import logging

        logger = logging.getLogger(__name__)


        def report(user, api_key: SecretStr):
            hashed = hash_password(user.password)
            token = mask(user.token)
            logger.info("%s %s %s", user.password_hash, token, api_key)
            logger.info("%s %s", user.email_verified, TokenKind.PASSWORD)
            logger.info("the password is secret", extra={"has_password": user.has_password})
      `,
    },
    {
      bad: py`
        import logging

        logger = logging.getLogger(__name__)


        def invite(incident, team, teamMember):
            logger.info("invited %s and %s", incident.tactical_group.email, team.email_address)
            logger.info("invited %s", incident.group_owner.email)
        #                             ^^^^^^^^^^^^^^^^^^^^^^^^^^ GR412 none
            logger.info(f"with {incident.notifications_group.token} to {teamMember.email}")
        #                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR412 none
        #                                                               ^^^^^^^^^^^^^^^^ GR412 none
      `,
    },
    {
      ok: py`
        def login(mailer, password, email):
            mailer.info(email)
            check(password)
            math.log(token)
      `,
    },
    {
      ok: py`
        import logging

        logging.info("sent to %s", email)
      `,
      options: { allowed: ['email'] },
    },
  ],
  on: {
    call(call, file, options) {
      const log = logCallOf(call, file);
      if (!log) return undefined;
      return partsOf(log, file, options.names)
        .filter((part) => !options.allowed.includes(part.name))
        .map((part) => ({
          at: part.at,
          message: `\`${part.name}\` reaches the log here; leave it out, or log an id or a masked form.`,
        }));
    },
  },
});

const ownKeywords = new Set(['exc_info', 'stack_info', 'stacklevel', 'level', 'event']);

function partsOf(log: LogCall, file: SourceFile, names: readonly string[]): SensitivePart[] {
  const { keywords } = argumentsOf(log.call);
  const shown = [...(log.message ? [log.message] : []), ...log.values];
  return [
    ...shown.flatMap((value) => sensitiveParts(value, file, names)),
    ...[...keywords].flatMap(([name, keyword]) => {
      if (ownKeywords.has(name)) return [];
      if (name === 'extra' || name === 'msg') return sensitiveParts(keyword.field('value'), file, names);
      return sensitiveEntry(keyword, file, names);
    }),
  ];
}
