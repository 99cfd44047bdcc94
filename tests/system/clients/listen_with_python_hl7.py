"""A sender's listener made of python3-hl7, answering in its own style: prints its port, then each message, JSON a line."""
import asyncio
import json
import sys

import hl7
from hl7.mllp import InvalidBlockError, start_hl7_server


async def serve(reader, writer):
    try:
        while not writer.is_closing():
            message = await reader.readmessage()
            print(json.dumps({"text": str(message)}), flush=True)
            writer.writemessage(message.create_ack())
            await writer.drain()
    except (asyncio.IncompleteReadError, InvalidBlockError, ConnectionError):
        writer.close()


async def main():
    async with await start_hl7_server(serve, "127.0.0.1", int(sys.argv[1])) as server:
        print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

assert hl7.__version__
asyncio.run(main())
