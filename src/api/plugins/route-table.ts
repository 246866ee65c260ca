import type { FastifyInstance } from 'fastify';

/** Looks up a path whatever the method. Where several routes match, the one with the most literal segments counts. */
export interface RouteTable {
  /** The methods that a path accepts; empty for an unknown path. */
  methodsOf(path: string): string[];
  /** Whether every route at this path is open to all. */
  isOpen(path: string): boolean;
}

/** Collects the routes as they are registered. The router itself only finds a path together with its method. */
export function createRouteTable(app: FastifyInstance): RouteTable {
  const routes: { pattern: RegExp; literalSegments: number; methods: string[]; isOpen: boolean }[] = [];
  app.addHook('onRoute', ({ url, method, config }) => {
    if (url.includes('*')) return;
    const pattern = new RegExp(`^${url.replace(/[.]/g, '\\.').replace(/:[^/]+/g, '[^/]+')}/?$`);
    routes.push({
      pattern,
      literalSegments: url.split('/').filter((segment) => !segment.startsWith(':')).length,
      methods: [method].flat(),
      isOpen: config?.access === 'open',
    });
  });
  const find = (path: string) => {
    const all = routes.filter(({ pattern }) => pattern.test(path));
    const most = Math.max(...all.map(({ literalSegments }) => literalSegments));
    return all.filter(({ literalSegments }) => literalSegments === most);
  };
  return {
    methodsOf: (path) => [...new Set(find(path).flatMap(({ methods }) => methods))],
    isOpen: (path) => {
      const found = find(path);
      return found.length > 0 && found.every(({ isOpen }) => isOpen);
    },
  };
}
