import type { FastifyInstance } from 'fastify';

export interface RouteTable {
  /** What a path can be asked for; nothing for an unknown one. The path with the most parts written out is meant. */
  methodsOf(path: string): string[];
  /** Whether everything at this path is open to all. */
  isOpen(path: string): boolean;
}

/** What there is, whatever the method: the router itself only finds a path together with its method. */
export function createRouteTable(app: FastifyInstance): RouteTable {
  const routes: { pattern: RegExp; writtenOut: number; methods: string[]; isOpen: boolean }[] = [];
  app.addHook('onRoute', ({ url, method, config }) => {
    if (url.includes('*')) return;
    const pattern = new RegExp(`^${url.replace(/[.]/g, '\\.').replace(/:[^/]+/g, '[^/]+')}/?$`);
    routes.push({
      pattern,
      writtenOut: url.split('/').filter((part) => !part.startsWith(':')).length,
      methods: [method].flat(),
      isOpen: config?.access === 'open',
    });
  });
  const find = (path: string) => {
    const all = routes.filter(({ pattern }) => pattern.test(path));
    const most = Math.max(...all.map(({ writtenOut }) => writtenOut));
    return all.filter(({ writtenOut }) => writtenOut === most);
  };
  return {
    methodsOf: (path) => [...new Set(find(path).flatMap(({ methods }) => methods))],
    isOpen: (path) => {
      const found = find(path);
      return found.length > 0 && found.every(({ isOpen }) => isOpen);
    },
  };
}
