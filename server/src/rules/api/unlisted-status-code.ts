import { z } from 'zod';
import {
  addedRoute,
  argumentsOf,
  decoratedRoute,
  defineRule,
  type Finding,
  isTestFile,
  madeBy,
  type Node,
  py,
  type SourceFile,
  statusArgument,
  statusCode,
  webClass,
} from '../../engine/index.ts';

const listed = [200, 201, 204, 400, 401, 403, 404, 422, 429, 500];

export default defineRule({
  code: 'GR625',
  name: 'unlisted-status-code',
  family: 'api',
  severity: 'information',
  standards: ['backend'],
  summary: "A status code is none of the standard's",
  advice: 'Answer with one of the codes that the standard lists',
  why: 'A short list of status codes is one that every client handles. A code that only one endpoint uses is a case that nobody has written the handling for.',
  fix: 'none',
  requirements: ['004-144'],
  peers: [],
  options: z.strictObject({
    codes: z
      .array(z.int().min(100).max(599))
      .default([...listed])
      .meta({ description: 'Status codes that may be used.' }),
  }),
  mentions: ['fastapi', 'starlette', 'status_code'],
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        from http import HTTPStatus

        from fastapi import APIRouter, HTTPException, Response, status
        from fastapi.responses import JSONResponse

        router = APIRouter()


        @router.post("/orders", status_code=202)
        #                                   ^^^ GR625 none: 202 is none of the status codes to use (200, 201, 204, 400, 401, 403, 404, 422, 429, 500).
        async def create_order(order: Order, response: Response):
            response.status_code = HTTPStatus.ACCEPTED
        #                          ^^^^^^^^^^^^^^^^^^^ GR625 none
            if order.is_empty:
                raise HTTPException(status_code=status.HTTP_409_CONFLICT, detail="empty")
        #                                       ^^^^^^^^^^^^^^^^^^^^^^^^ GR625 none: 409 is none of the status codes to use (200, 201, 204, 400, 401, 403, 404, 422, 429, 500).
            if order.is_late:
                raise HTTPException(HTTPStatus.GONE)
        #                           ^^^^^^^^^^^^^^^ GR625 none
            return JSONResponse({}, status_code=503)
        #                                       ^^^ GR625 none
      `,
    },
    {
      ok: py`
        from fastapi import APIRouter, HTTPException, Response, status

        router = APIRouter()


        @router.delete("/orders/{order_id}", status_code=204)
        async def delete_order(order_id: int, code: int):
            if order_id < 0:
                raise HTTPException(status.HTTP_404_NOT_FOUND)
            if order_id == 0:
                raise HTTPException(status_code=code)
            return Response(status_code=204)
      `,
    },
    {
      ok: py`
        import httpx
        from fastapi import WebSocket


        async def fetch(socket: WebSocket):
            response = await httpx.get(url)
            if response.status_code == 409:
                await socket.close(code=1008)
            cached.status_code = 409
            return Outcome(status_code=302)
      `,
    },
    {
      ok: py`
        from fastapi import HTTPException

        raise HTTPException(409)
      `,
      options: { codes: [200, 409] },
    },
  ],
  on: {
    decorator(decorator, file, options) {
      const route = decorator.firstNamed?.is('call') ? decoratedRoute(file, decorator) : undefined;
      return judge(route?.arguments.keyword('status_code'), file, options.codes);
    },
    call(call, file, options) {
      const callee = call.field('function');
      if (callee.is('attribute') && callee.field('attribute').text === 'add_api_route')
        return judge(addedRoute(file, call)?.arguments.keyword('status_code'), file, options.codes);
      const kind = /(?:HTTPException|Response)$/.test(callee.text) ? webClass(file, call) : undefined;
      return kind === undefined ? undefined : judge(statusArgument(kind, argumentsOf(call)), file, options.codes);
    },
    assignment(assignment, file, options) {
      const left = assignment.field('left');
      if (!left.is('attribute') || left.field('attribute').text !== 'status_code') return undefined;
      const made = madeBy(file, left.field('object')) ?? '';
      if (!/^(?:fastapi|starlette)\.(?:\w+\.)*\w*Response$/.test(made)) return undefined;
      return judge(assignment.field('right'), file, options.codes);
    },
  },
});

function judge(expression: Node | undefined, file: SourceFile, codes: readonly number[]): Finding | undefined {
  const code = statusCode(file, expression);
  if (!expression || code === undefined || code < 100 || code > 599 || codes.includes(code)) return undefined;
  return { at: expression, message: `${code} is none of the status codes to use (${codes.join(', ')}).` };
}
