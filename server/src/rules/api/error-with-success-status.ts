import { defineRule, isTestFile, ownResponse, py, saysError } from '../../engine/index.ts';

export default defineRule({
  code: 'GR624',
  name: 'error-with-success-status',
  family: 'api',
  severity: 'warning',
  standards: ['backend'],
  summary: 'An error is answered with a status of success',
  advice: 'Raise an exception with the status that fits',
  why: 'Clients, caches, retries and monitoring read the status and nothing else. An error that says 200 is cached, counted as a success and handled as data.',
  fix: 'none',
  requirements: ['004-144'],
  peers: [],
  mentions: ['fastapi', 'starlette', '.get', '.post', '.put', '.patch', '.delete', '.api_route'],
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        from fastapi import APIRouter
        from fastapi.responses import JSONResponse

        router = APIRouter()


        @router.post("/orders", status_code=201)
        async def create_order(order: Order):
            if order.is_empty:
                return {"error": "empty order"}
        #       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR624 none: \`create_order\` answers an error with 201; raise an exception with the status that fits.
            return JSONResponse({"status": "failed", "reason": "no stock"})
        #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR624 none: \`create_order\` answers an error with 200; raise an exception with the status that fits.
      `,
    },
    {
      ok: py`
        from fastapi import APIRouter, HTTPException, Response
        from fastapi.responses import JSONResponse

        router = APIRouter()


        @router.post("/orders")
        async def create_order(order: Order, response: Response):
            if order.is_empty:
                response.status_code = 400
                return {"error": "empty order"}
            return {"status": "created", "error": None}


        @router.get("/orders")
        async def read_orders(status: int):
            if status == 1:
                return JSONResponse({"error": "unknown"}, status_code=404)
            return JSONResponse({"error": "unknown"}, status_code=status)
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
        from fastapi import APIRouter

        router = APIRouter()


        @router.get("/errors", status_code=400)
        async def read_error():
            return {"error": "always"}


        @router.get("/runs/{run_id}")
        async def read_run(run_id: int):
            return {"id": run_id, "error": runs[run_id].error, "ok": True}


        def summary():
            return {"error": "not a handler"}
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
      if (!response?.body || response.status === undefined || response.status < 200 || response.status > 299)
        return undefined;
      if (!saysError(response.body)) return undefined;
      const handler = file.enclosingFunction(statement);
      const name = handler?.is('function_definition') ? handler.field('name').text : 'The handler';
      return {
        at: statement,
        message: `\`${name}\` answers an error with ${response.status}; raise an exception with the status that fits.`,
      };
    },
  },
});
