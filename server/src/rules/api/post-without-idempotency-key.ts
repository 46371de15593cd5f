import { z } from 'zod';
import {
  creatingVerbs,
  defineRule,
  dependencyText,
  isCreating,
  isTestFile,
  publicRoute,
  py,
  routeLabel,
  routerKeyword,
  wordsIn,
} from '../../engine/index.ts';

const options = z.strictObject({
  creates: z
    .array(z.string())
    .default(creatingVerbs)
    .meta({ description: 'First words of the name of a POST handler that creates a resource.' }),
});

export default defineRule({
  code: 'GR635',
  name: 'post-without-idempotency-key',
  family: 'api',
  severity: 'hint',
  standards: ['backend'],
  summary: 'A POST that creates takes no idempotency key',
  advice: 'Take an `Idempotency-Key` header and answer a repeated key with the first result',
  why: 'When an answer gets lost, the client sends the request again, and so do proxies and job queues. PUT and DELETE may be repeated; a POST that creates may do it twice: two orders, two payments, or an error for what went well. With a key that the client chooses, the second request gets the answer of the first.',
  fix: 'none',
  requirements: ['004-204'],
  peers: [],
  options,
  mentions: ({ creates }) => ['post', 'POST', ...creates],
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        from fastapi import APIRouter

        router = APIRouter()


        @router.post("/orders", status_code=201)
         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR635 none: \`POST /orders\` takes no idempotency key, so a repeated request is not recognised as one; take an \`Idempotency-Key\` header.
        async def create_order(order: OrderIn) -> Order:
            return await orders.create(order)
      `,
    },
    {
      bad: py`
        from fastapi import APIRouter

        router = APIRouter()


        @router.post("/orders")
         ^^^^^^^^^^^^^^^^^^^^^^ GR635 none
        async def place_order(order: OrderIn) -> Order:
            return await orders.create(order)


        @router.post("")
         ^^^^^^^^^^^^^^^ GR635 none: \`place_bid\` takes no idempotency key, so a repeated request is not recognised as one; take an \`Idempotency-Key\` header.
        async def place_bid(bid: BidIn) -> Bid:
            return await bids.create(bid)
      `,
      options: { creates: ['place'] },
    },
    {
      ok: py`
        from typing import Annotated

        from fastapi import APIRouter, Header

        router = APIRouter()


        @router.post("/orders")
        async def create_order(order: OrderIn, idempotency_key: Annotated[str, Header()]) -> Order:
            return await orders.create(order, idempotency_key)


        @router.post("/carts")
        async def create_cart(cart: CartIn, key: str = Header(alias="Idempotency-Key")) -> Cart:
            return await carts.create(cart, key)
      `,
    },
    {
      ok: py`
        from fastapi import APIRouter, Depends, Request

        router = APIRouter()
        paid = APIRouter(dependencies=[Depends(idempotent)])


        @paid.post("/payments")
        async def create_payment(payment: PaymentIn) -> Payment:
            return await payments.create(payment)


        @router.post("/refunds")
        async def create_refund(refund: RefundIn, request: Request) -> Refund:
            return await refunds.create(refund, request.headers.get("Idempotency-Key"))


        @router.post("/tips")
        @idempotent
        async def create_tip(tip: TipIn) -> Tip:
            return await tips.create(tip)
      `,
    },
    {
      ok: py`
        from fastapi import APIRouter

        router = APIRouter()


        @router.post("/search")
        async def search_orders(query: Query) -> list[Order]:
            return await orders.search(query)


        @router.post("/login")
        async def create_access_token(form: Form) -> Token:
            return sign(form)


        @router.put("/orders/{order_id}")
        async def create_or_replace(order_id: int, order: OrderIn) -> Order:
            return await orders.put(order_id, order)
      `,
    },
  ],
  on: {
    decorator(decorator, file, { creates }) {
      const route = publicRoute(file, decorator);
      if (!route || !isCreating(route, creates)) return undefined;
      const { handler } = route;
      const around = [
        dependencyText(route),
        routerKeyword(route, 'route_class')?.text ?? '',
        ...file.decorators(handler).map((other) => other.text),
        ...wordsIn(handler, file),
      ];
      if (around.some((text) => /idempoten/i.test(text))) return undefined;
      return {
        at: route.call,
        message: `\`${routeLabel(route)}\` takes no idempotency key, so a repeated request is not recognised as one; take an \`Idempotency-Key\` header.`,
      };
    },
  },
});
