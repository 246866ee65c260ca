import fastify from 'fastify';

/** The yardstick: the same Fastify, and a route that does nothing. */
const app = fastify();
app.get('/empty', async () => ({}));
void app.listen({ host: '127.0.0.1', port: Number(process.env['PORT']) }).then(() => process.send?.('ready'));
process.once('SIGTERM', () => void app.close().then(() => process.disconnect()));
