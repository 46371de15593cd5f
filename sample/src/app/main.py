"""The application: routers, middleware and the life of its resources."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app.api.routes import customers, orders
from app.core.config import get_settings
from app.core.database import engine

logger = logging.getLogger(__name__)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Open nothing early, close the connection pool at the end."""
    logger.info("%s starts", get_settings().service_name)
    yield
    await engine.dispose()


def create_app() -> FastAPI:
    """Build the application that uvicorn serves."""
    app = FastAPI(title="Orchard", version="0.1.0", lifespan=lifespan)
    app.include_router(orders.router, prefix="/api/v1")
    app.include_router(customers.router, prefix="/api/v1")
    return app


app = create_app()
