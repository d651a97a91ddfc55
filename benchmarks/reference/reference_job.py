#!/usr/bin/python3
"""The job as the usual tutorial writes it, for comparison: a WebSocket client, json.loads, renamed keys, rows into SQLite in
batches of 1,000, everything else left at its default. No gaps are noticed, nothing is verified, prices pass through binary floating point.

    reference_job.py ws://127.0.0.1:9443 BTCUSDT,ETHUSDT 100000 [tuned]

"tuned" takes away the bound of the library's queue, 32 messages, and sets SQLite's write-ahead log: a tenth more, and no tutorial does it.

Prints trades stored per second, from the first to the last. Needs Debian's python3-websockets.
"""
import asyncio
import json
import os
import sqlite3
import sys
import tempfile
import time

import websockets


async def main(base, symbols, wanted, tuned):
    path = os.path.join(tempfile.mkdtemp(), "trades.db")
    database = sqlite3.connect(path)
    if tuned:
        database.execute("PRAGMA journal_mode = WAL")
    database.execute(
        "CREATE TABLE trades (symbol TEXT, trade_id INTEGER, price REAL, quantity REAL, event_time INTEGER, trade_time INTEGER, buyer_is_maker INTEGER, raw TEXT)")
    streams = "/".join(symbol.lower() + "@trade" for symbol in symbols)
    batch = []
    stored = 0
    started = None
    queue = {"max_queue": None} if tuned else {}
    async with websockets.connect(f"{base}/stream?streams={streams}&timeUnit=MICROSECOND", **queue) as socket:
        async for message in socket:
            if started is None:
                started = time.perf_counter()
            data = json.loads(message)["data"]
            trade = {
                "symbol": data["s"],
                "trade_id": data["t"],
                "price": float(data["p"]),
                "quantity": float(data["q"]),
                "event_time": data["E"],
                "trade_time": data["T"],
                "buyer_is_maker": data["m"],
                "raw": message,
            }
            batch.append(tuple(trade.values()))
            if len(batch) == 1000:
                database.executemany("INSERT INTO trades VALUES (?, ?, ?, ?, ?, ?, ?, ?)", batch)
                database.commit()
                stored += len(batch)
                batch.clear()
                if stored >= wanted:
                    break
        # Before the connection is closed, for which the library waits up to half a minute when its queue is full.
        seconds = time.perf_counter() - started
    print(json.dumps({"trades": stored, "seconds": round(seconds, 3), "trades_per_second": round(stored / seconds)}))


asyncio.run(main(sys.argv[1], sys.argv[2].split(","), int(sys.argv[3]), "tuned" in sys.argv[4:]))
