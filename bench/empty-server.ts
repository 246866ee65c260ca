import fastify from 'fastify';

/** The baseline: the same Fastify with an empty route. */
const app = fastify();
app.get('/empty', async () => ({}));
void app.listen({ host: '127.0.0.1', port: Number(process.env['PORT']) }).then(() => process.send?.('ready'));
process.once('SIGTERM', () => void app.close().then(() => process.disconnect()));
