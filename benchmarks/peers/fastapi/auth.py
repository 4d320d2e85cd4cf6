"""Who asks: the verified token of x-access-token."""

import os
from typing import Annotated, Any

import jwt
from fastapi import Depends, Header, HTTPException

User = dict[str, Any]


async def signed_in(x_access_token: Annotated[str | None, Header()] = None) -> User:
    if x_access_token is None:
        raise HTTPException(401, "No token provided")
    try:
        return jwt.decode(
            x_access_token,
            os.environ["JWT_SECRET"],
            algorithms=["HS256"],
            audience=os.environ["JWT_AUDIENCE"],
            options={"require": ["exp"]},
        )
    except jwt.InvalidTokenError:
        raise HTTPException(401, "Unauthorized") from None


def has_role(*roles: str) -> Any:
    async def check(user: Annotated[User, Depends(signed_in)]) -> User:
        if user["role"] not in roles:
            raise HTTPException(403, "Unauthorized access")
        return user

    return Depends(check)


Reader = Annotated[User, has_role("admin", "hr", "manager", "employee")]
Writer = Annotated[User, has_role("admin", "hr")]
