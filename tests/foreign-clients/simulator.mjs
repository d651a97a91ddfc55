import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const executable = fileURLToPath(new URL('../../src/TradeIngest/bin/Release/net10.0/trade-ingest', import.meta.url));

/** Starts a simulated exchange; `stop` ends it. */
export async function startExchange(...args) {
    const child = spawn(executable, ['simulate', '--json', '--symbols', 'BTCUSDT,ETHUSDT', '--rate', '500', ...args], {
        stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    for await (const text of child.stdout.setEncoding('utf8')) {
        output += text;
        if (output.includes('\n')) break;
    }

    const { rest, web_socket: webSocket } = JSON.parse(output);
    return {
        rest,
        webSocket,
        async stop() {
            const ended = once(child, 'exit');
            child.kill('SIGTERM');
            await ended;
        },
    };
}

/** Waits until trades of both symbols happened. */
export async function untilTraded(exchange) {
    for (const symbol of ['BTCUSDT', 'ETHUSDT']) {
        let trades = [];
        for (; trades.length < 200; await delay(200)) trades = await (await fetch(`${exchange.rest}/api/v3/trades?symbol=${symbol}&limit=200`)).json();
    }
}
