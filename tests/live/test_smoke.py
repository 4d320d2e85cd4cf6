from tests.api import Api
from tests.sockets import connected


async def test_smoke(api: Api, noted) -> None:
    async with connected(api, as_="employee") as client:
        seq = await client.ready()
        await noted("stranger", 1)
        await noted("employee", 2)
        frame = await client.frame()
        assert frame["data"]["number"] == 2
    await noted("employee", 3)
    async with connected(api, as_="employee", since=seq) as client:
        print(await client.until_ready())
    async with connected(api, as_="employee", since=frame["seq"]) as client:
        print(await client.until_ready())
