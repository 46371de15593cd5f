import { defineRule, hasErrorShape, isTestFile, ownResponse, py, saysError } from '../../engine/index.ts';

export default defineRule({
  code: 'GR623',
  name: 'ad-hoc-error-response',
  family: 'api',
  severity: 'warning',
  standards: ['backend'],
  summary: 'A handler builds an error body of its own',
  advice: 'Raise an exception and let the exception handler answer with code, message and details',
  why: 'A client that has to know how each endpoint says that something went wrong handles half of them. One exception handler gives all errors one shape, one log line and one status.',
  fix: 'none',
  requirements: ['004-143'],
  peers: [],
  mentions: ['fastapi', 'starlette', '.get', '.post', '.put', '.patch', '.delete', '.api_route'],
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        from fastapi import APIRouter
        from fastapi.responses import JSONResponse

        router = APIRouter()


        @router.get("/orders/{order_id}")
        async def read_order(order_id: int):
            if order_id < 0:
                return {"error": "negative"}
        #              ^^^^^^^^^^^^^^^^^^^^^ GR623 none: \`read_order\` builds an error body of its own; raise an exception and let its handler answer with code, message and details.
            if order_id == 0:
                return {"success": False, "message": "zero"}
        #              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR623 none
            return JSONResponse(status_code=404, content={"message": "no such order"})
        #          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR623 none
      `,
    },
    {
      ok: py`
        from fastapi import APIRouter, HTTPException
        from fastapi.responses import JSONResponse

        router = APIRouter()


        @router.get("/orders/{order_id}")
        async def read_order(order_id: int):
            if order_id < 0:
                raise HTTPException(404)
            if order_id == 0:
                return JSONResponse(status_code=400, content={"code": "ZERO", "message": "zero", "details": {}})
            if order_id == 1:
                return JSONResponse(problem(order_id), 400)
            return {"message": "found", "error": None, "errors": []}


        def summary():
            return {"error": "not a handler"}
      `,
    },
    {
      ok: py`
        from fastapi import APIRouter

        router = APIRouter()


        @router.delete("/items/{id}")
        async def delete_item(id: int):
            await remove(id)
            return {"detail": "Item deleted successfully"}


        @router.post("/signup")
        async def sign_up(user: UserCreate):
            await add(user)
            return {"detail": "회원가입이 성공적으로 완료되었습니다."}
      `,
    },
    {
      ok: py`
        from fastapi import FastAPI
        from fastapi.responses import JSONResponse

        app = FastAPI()


        @app.exception_handler(OrderNotFound)
        async def not_found(request, error):
            return JSONResponse(status_code=404, content={"error": "not found"})


        @app.get("/health")
        async def health():
            return JSONResponse(status_code=503, content={"status": "starting"})


        @app.get("/ready")
        async def perform_readiness_check():
            return JSONResponse(status_code=503, content={"message": "no database"})


        @app.get("/runs/{run_id}")
        async def read_run(run_id: int):
            run = runs[run_id]
            return {"id": run_id, "error": run.error}
      `,
    },
    {
      ok: py`
        from fastapi import APIRouter

        router = APIRouter()


        @router.get("/payments/{id}")
        async def read_payment(id: int):
            payment = await payments.get(id)
            if payment.failed:
                return {"paid": False, "status": "failed", "details": payment}
            return {"paid": True, "status": "settled"}
      `,
    },
    {
      ok: py`
        from fastapi import FastAPI

        app = FastAPI()


        @app.post("/token")
        async def token(grant_type: str):
            return {"error": "unsupported_grant_type"}
      `,
      path: 'tests/mock_services/identity_provider.py',
    },
  ],
  on: {
    return_statement(statement, file) {
      const response = ownResponse(file, statement);
      if (!response?.body || hasErrorShape(response.body)) return undefined;
      const handler = file.enclosingFunction(statement);
      const name = handler?.is('function_definition') ? handler.field('name').text : 'The handler';
      if (/health|ready|readiness|liveness|^live/i.test(name)) return undefined;
      const isError = (response.status ?? 200) >= 400 && !isProbe(response.body.text);
      if (!isError && !saysError(response.body)) return undefined;
      return {
        at: response.value,
        message: `\`${name}\` builds an error body of its own; raise an exception and let its handler answer with code, message and details.`,
      };
    },
  },
});

/** A probe's answer states how the service does; its readers are load balancers. */
function isProbe(body: string): boolean {
  return /["'](?:status|healthy|ready|checks)["']\s*:/.test(body) && !/["'](?:error|detail|message)["']\s*:/.test(body);
}
