import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Spot, SpotRestAPI } from '@binance/spot';
import ccxt from 'ccxt';
import WebSocket from 'ws';
import { startExchange, untilTraded } from './simulator.mjs';

let exchange;
let client;
let connector;

before(async () => {
    exchange = await startExchange();
    await untilTraded(exchange);
    client = new ccxt.binance({ options: { fetchMarkets: { types: ['spot'] } } });
    client.urls.api.public = `${exchange.rest}/api/v3`;
    connector = new Spot({ configurationRestAPI: { apiKey: 'none', basePath: exchange.rest } }).restAPI;
});

after(() => exchange?.stop());

test('ccxt loadMarkets knows the listings', async () => {
    const markets = await client.loadMarkets();
    assert.deepEqual(Object.keys(markets).sort(), ['BTC/USDT', 'ETH/USDT']);
    const market = markets['BTC/USDT'];
    assert.deepEqual([market.active, market.spot, market.precision.price, market.precision.amount], [true, true, 0.01, 0.00001]);
});

test('ccxt fetchTrades reads the newest trades', async () => {
    const trades = await client.fetchTrades('BTC/USDT', undefined, 100);
    assert.equal(trades.length, 100);
    for (const trade of trades) {
        assert.ok(trade.price > 0 && trade.amount > 0 && ['buy', 'sell'].includes(trade.side), JSON.stringify(trade));
    }
});

test('ccxt fetchTrades pages by time without a gap', async () => {
    const [first] = await client.fetchTrades('BTC/USDT', undefined, 100);
    const page = await client.fetchTrades('BTC/USDT', first.timestamp, 50);
    assert.equal(page.length, 50);
    page.forEach((trade, i) => assert.equal(Number(trade.id), Number(page[0].id) + i));
    assert.ok(page[0].timestamp >= first.timestamp);
    assert.ok(Number(page[0].id) <= Number(first.id));
});

test('ccxt fetchOHLCV agrees with fetchTrades', async () => {
    // A whole second that is over, and whose trades one page holds.
    const [oldest] = await client.fetchTrades('ETH/USDT', undefined, 1);
    const second = Math.floor(oldest.timestamp / 1000) * 1000;
    await delay(1500);
    const trades = await client.fetchTrades('ETH/USDT', second, 1000, { until: second + 999 });
    const [bar] = await client.fetchOHLCV('ETH/USDT', '1s', second, 1);
    const prices = trades.map(trade => trade.price);
    assert.equal(bar[0], second);
    assert.deepEqual(bar.slice(1, 5), [prices[0], Math.max(...prices), Math.min(...prices), prices.at(-1)]);
    const volume = trades.reduce((sum, trade) => sum + trade.amount, 0);
    assert.ok(Math.abs(bar[5] - volume) < 1e-6, `${bar[5]} and ${volume}`);

    for (const timeframe of ['1m', '5m', '1h', '1d']) {
        const bars = await client.fetchOHLCV('ETH/USDT', timeframe);
        assert.ok(bars.length > 0 && bars.at(-1)[5] > 0, timeframe);
    }
});

test('ccxt reports an unknown symbol', async () => {
    await assert.rejects(client.publicGetAggTrades({ symbol: 'NOSUCHUSDT' }), ccxt.BadSymbol);
});

test('@binance/spot reads every endpoint', async () => {
    const symbol = 'BTCUSDT';
    const info = await (await connector.exchangeInfo({ symbolStatus: 'TRADING' })).data();
    assert.deepEqual(info.symbols.map(listing => listing.symbol), ['BTCUSDT', 'ETHUSDT']);
    const trades = await (await connector.getTrades({ symbol, limit: 10 })).data();
    const older = await (await connector.historicalTrades({ symbol, fromId: trades[0].id, limit: 10 })).data();
    assert.deepEqual(older, trades);
    const aggregates = await (await connector.aggTrades({ symbol, fromId: trades[0].id, limit: 10 })).data();
    assert.deepEqual(aggregates.map(({ f, p, q, T, m }) => [f, p, q, T, m]),
        trades.map(({ id, price, qty, time, isBuyerMaker }) => [id, price, qty, time, isBuyerMaker]));
    const [kline] = await (await connector.klines({ symbol, interval: SpotRestAPI.KlinesIntervalEnum.INTERVAL_1m, limit: 1 })).data();
    assert.equal(kline.length, 12);
    await assert.rejects(connector.exchangeInfo({ symbol: 'NOSUCHUSDT' }), /Invalid symbol/);
});

test('ws receives trades, aggregates and klines', async () => {
    const socket = new WebSocket(`${exchange.webSocket}/stream?streams=btcusdt@trade`);
    const streams = new Map();
    const complete = new Promise((resolve, reject) => {
        socket.on('error', reject);
        socket.on('message', message => {
            const { stream, data, result, id } = JSON.parse(message);
            if (id === 1) return assert.equal(result, null);
            streams.set(stream, [...(streams.get(stream) ?? []), data]);
            if (streams.size === 3 && streams.get('btcusdt@trade').length > 100) resolve();
        });
    });
    socket.on('open', () => socket.send(JSON.stringify({ method: 'SUBSCRIBE', params: ['btcusdt@aggTrade', 'btcusdt@kline_1s'], id: 1 })));
    await complete;
    socket.close();
    streams.get('btcusdt@trade').forEach((trade, i, all) => assert.equal(trade.t, all[0].t + i));
    assert.equal(streams.get('btcusdt@kline_1s')[0].k.i, '1s');
    assert.equal(streams.get('btcusdt@aggTrade')[0].e, 'aggTrade');
});

test('faults arrive as each client reports them', async () => {
    const faulty = await startExchange('--fault', 'rest-status=429:1:3s', '--fault', 'upgrade-status=429:1');
    try {
        const limited = new ccxt.binance();
        limited.urls.api.public = `${faulty.rest}/api/v3`;
        await assert.rejects(limited.publicGetTime(), ccxt.DDoSProtection);
        const socket = new WebSocket(`${faulty.webSocket}/ws`);
        const reply = await new Promise(resolve => socket.on('unexpected-response', (_, response) => resolve(response)));
        assert.deepEqual([reply.statusCode, reply.headers['retry-after']], [429, '1']);
    } finally {
        await faulty.stop();
    }
});
