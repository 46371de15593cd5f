import { z } from 'zod';
import {
  defineRule,
  type Finding,
  type Layer,
  layerOf,
  layoutOptions,
  type Node,
  py,
  type SourceFile,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR833',
  name: 'http-outside-route',
  family: 'structure',
  severity: 'warning',
  standards: ['backend'],
  summary: 'Requests, responses, `HTTPException` or status codes in a service or repository',
  advice: 'Raise an exception of the application, return values, and let the route speak HTTP',
  why: 'A service is called by routes, but also by jobs, commands and other services, where there is no request and nobody who understands a 404. When it raises an exception of the application instead, each caller decides what that means; over HTTP, one exception handler turns it into a status for all routes.',
  fix: 'none',
  requirements: ['004-060'],
  peers: [],
  options: z.strictObject(layoutOptions),
  mentions: ['HTTPException', 'Request', 'Response', 'HTTP_', 'HTTPStatus'],
  applies: (file, options) => badLayer(layerOf(file, options)) !== undefined,
  examples: [
    {
      bad: py`
        from fastapi import HTTPException, Request, status
        from fastapi.responses import JSONResponse


        class UserService:
            async def get(self, user_id: int, request: Request | None = None):
                #                                      ^^^^^^^ GR833 none: \`Request\` belongs to routes, not to a service; take the values that are needed as parameters.
                user = await self._users.get(user_id)
                if user is None:
                    raise HTTPException(status_code=status.HTTP_404_NOT_FOUND)
                    #     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR833 none: \`HTTPException\` belongs to routes, not to a service; raise an exception of the application.
                return JSONResponse({"id": user.id})
                #      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR833 none: \`JSONResponse\` belongs to routes, not to a service; return the value and let the route respond.
      `,
      path: 'src/services/user_service.py',
    },
    {
      bad: py`
        import fastapi as web
        from http import HTTPStatus

        from app.exceptions import AppError


        class Missing(web.HTTPException):
            #         ^^^^^^^^^^^^^^^^^ GR833 none: \`HTTPException\` belongs to routes, not to a repository; derive from the application's own exception.
            code = web.status.HTTP_404_NOT_FOUND
            #      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR833 none: \`HTTP_404_NOT_FOUND\` belongs to routes, not to a repository; let the exception handler choose the status.


        def get(key):
            try:
                return find(key)
            except web.HTTPException as error:
                #  ^^^^^^^^^^^^^^^^^ GR833 none: \`HTTPException\` belongs to routes, not to a repository; raise and catch exceptions of the application.
                raise AppError("gone", status_code=HTTPStatus.GONE) from error
                #                                  ^^^^^^^^^^^^^^^ GR833 none: \`GONE\` belongs to routes, not to a repository; let the exception handler choose the status.
      `,
      path: 'app/repositories/user_repository.py',
    },
    {
      ok: py`
        import httpx
        import requests
        from fastapi import BackgroundTasks, Depends, UploadFile, status
        from http import HTTPStatus

        from src.exceptions import NotFoundError


        class RateService:
            async def load(self, file: UploadFile, tasks: BackgroundTasks) -> httpx.Response:
                answer: httpx.Response = await self._client.get("/rates")
                if answer.status_code == HTTPStatus.NOT_FOUND or answer.status_code == status.HTTP_410_GONE:
                    raise NotFoundError("There are no rates")
                return answer


        def fetch(request: requests.Request) -> requests.Response:
            return requests.Response()
      `,
      path: 'src/services/rate_service.py',
    },
    {
      ok: py`
        from fastapi import HTTPException, Request, status


        @router.get("/users/{user_id}")
        async def get_user(user_id: int, request: Request):
            raise HTTPException(status_code=status.HTTP_404_NOT_FOUND)
      `,
      path: 'src/api/routes/users.py',
    },
    {
      ok: py`
        from src.schemas.mail import Request, Response


        class MailService:
            async def send(self, request: Request) -> Response:
                return Response(ok=True)
      `,
      path: 'src/services/mail_service.py',
    },
    {
      ok: py`
        from fastapi import HTTPException


        def get(incident_id):
            raise HTTPException(404)
      `,
      path: 'src/dispatch/incident/service.py',
    },
  ],
  on: {
    call(call, file, options) {
      const layer = badLayer(layerOf(file, options));
      if (!layer) return undefined;
      const name = webName(file, call.field('function'));
      if (name === undefined) return undefined;
      const advice =
        name === 'HTTPException'
          ? 'raise an exception of the application'
          : name === 'Request'
            ? 'take the values that are needed as parameters'
            : 'return the value and let the route respond';
      return finding(call, name, layer, advice);
    },
    type(annotation, file, options) {
      const layer = badLayer(layerOf(file, options));
      if (!layer) return undefined;
      const inner = annotation.firstNamed;
      const named = inner?.is('identifier', 'attribute')
        ? [inner]
        : annotation.belowOutside(['type', 'attribute', 'generic_type'], 'identifier', 'attribute');
      return named.flatMap((expression) => {
        const name = webName(file, expression);
        if (name === undefined || name === 'HTTPException') return [];
        const advice =
          name === 'Request'
            ? 'take the values that are needed as parameters'
            : 'return the value and let the route respond';
        return [finding(expression, name, layer, advice)];
      });
    },
    class_definition(definition, file, options) {
      const superclasses = definition.field('superclasses');
      const layer = superclasses && badLayer(layerOf(file, options));
      if (!layer) return undefined;
      return superclasses.namedChildren.flatMap((base) => {
        const name = base.is('identifier', 'attribute') ? webName(file, base) : undefined;
        return name === undefined ? [] : [finding(base, name, layer, "derive from the application's own exception")];
      });
    },
    except_clause(clause, file, options) {
      const layer = badLayer(layerOf(file, options));
      if (!layer) return undefined;
      return clause.belowOutside(['block', 'attribute'], 'identifier', 'attribute').flatMap((expression) => {
        const name = webName(file, expression);
        return name === undefined
          ? []
          : [finding(expression, name, layer, 'raise and catch exceptions of the application')];
      });
    },
    attribute(attribute, file, options) {
      const layer = badLayer(layerOf(file, options));
      if (!layer) return undefined;
      const name = attribute.field('attribute').text;
      if (!/^[A-Z][A-Z_\d]+$/.test(name)) return undefined;
      const qualified = file.qualified(attribute) ?? '';
      const isStatus = /^(?:fastapi|starlette)\.status\.HTTP_\d/.test(qualified);
      const isMember = qualified.startsWith('http.HTTPStatus.') && isStatusArgument(attribute);
      if ((!isStatus && !isMember) || isCompared(attribute) || isInReported(file, attribute)) return undefined;
      return finding(attribute, name, layer, 'let the exception handler choose the status');
    },
  },
});

function finding(at: Node, name: string, layer: string, advice: string): Finding {
  return { at, message: `\`${name}\` belongs to routes, not to ${layer}; ${advice}.` };
}

function badLayer(layer: Layer | undefined): string | undefined {
  if (layer === 'services') return 'a service';
  return layer === 'repositories' ? 'a repository' : undefined;
}

/** The class of FastAPI or Starlette that speaks HTTP, which an expression names. */
function webName(file: SourceFile, expression: Node): string | undefined {
  const last = expression.is('attribute') ? expression.field('attribute') : expression;
  // An alias hides the name, so only what is spelt in small letters is left out.
  if (!last.is('identifier') || !/^_*[A-Z]/.test(last.text)) return undefined;
  const name = /^(?:fastapi|starlette)\.(?:\w+\.)*(\w+)$/.exec(file.qualified(expression) ?? '')?.[1];
  return name !== undefined && /^(?:HTTPException|Request|(?:[A-Z]\w*)?Response)$/.test(name) ? name : undefined;
}

/** What a client was answered is compared with a status. */
function isCompared(attribute: Node): boolean {
  for (let node = attribute.parent; node; node = node.parent) {
    if (node.is('comparison_operator', 'case_clause')) return true;
    if (!node.is('tuple', 'list', 'set', 'parenthesized_expression', 'attribute')) return false;
  }
  return false;
}

function isStatusArgument(attribute: Node): boolean {
  const { parent } = attribute;
  return parent?.is('keyword_argument') === true && /^status(?:_code)?$/.test(parent.field('name').text);
}

/** The status of an `HTTPException` goes with it. */
function isInReported(file: SourceFile, attribute: Node): boolean {
  for (let call = attribute.above('call'); call; call = call.above('call'))
    if (webName(file, call.field('function')) !== undefined) return true;
  return false;
}
