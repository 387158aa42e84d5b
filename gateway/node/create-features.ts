import { type Feature, type HeaderFeature, type RewriteFeature } from '../core/feature';
import { type Side } from '../core/gateway-state';
import { FlowsInChallenges } from '../core/flows-in-challenges';
import { SessionCookies } from '../core/session-cookies';
import { CutSecrets, TranslatePaging } from '../core/rewrite-features';
import { type LoadedConfig } from './config';
import { type GatewayConfig } from './config-schema';
import { type GatewayMetrics } from './metrics';
import { requestUrlOfFlow } from './read-flow';
import { cookieTranslator } from './translate-cookie';

interface Features {
  readonly features: readonly Feature[];
  readonly headerFeatures: readonly HeaderFeature[];
  readonly rewriteFeatures: readonly RewriteFeature[];
  /** Of all of them, as the state of the gateway shows them. */
  readonly names: readonly string[];
}

/** All that is done to requests besides forwarding them, as the config says. */
export function createFeatures(
  loaded: LoadedConfig,
  staleChallenges: Feature,
  others: readonly Feature[],
  metrics: GatewayMetrics,
): Features {
  const { config } = loaded;
  const kinds = {
    features: [staleChallenges, ...readFlows(loaded, metrics), ...others],
    headerFeatures: createHeaderFeatures(loaded, metrics),
    rewriteFeatures: createRewriteFeatures(config, metrics),
  };
  const all = [...kinds.features, ...kinds.headerFeatures, ...kinds.rewriteFeatures];
  return { ...kinds, names: all.map(({ name }) => name) };
}

function readFlows(loaded: LoadedConfig, metrics: GatewayMetrics): readonly Feature[] {
  const first = loaded.flowKeys;
  if (first === undefined) return [];
  return [
    new FlowsInChallenges({
      beganAt: (named) => requestUrlOfFlow(loaded.flowKeys ?? first, named),
      onAnswer: (listener) => metrics.staleAnswers.inc({ listener }),
    }),
  ];
}

function createHeaderFeatures(loaded: LoadedConfig, metrics: GatewayMetrics): readonly HeaderFeature[] {
  const { sessionCookies, sides } = loaded.config;
  const { translate, cookieName } = sessionCookies;
  const first = loaded.cookieSecrets;
  if (!translate || first === undefined) return [];
  return [
    new SessionCookies({
      cookieName,
      generationOf: (side) => sides[side].apiGeneration,
      translate: cookieTranslator(cookieName, () => loaded.cookieSecrets ?? first),
      onTranslated: () => metrics.cookiesTranslated.inc(),
    }),
  ];
}

function createRewriteFeatures(config: GatewayConfig, metrics: GatewayMetrics): readonly RewriteFeature[] {
  const { clientSecrets, paging, sides } = config;
  const generationOf = (side: Side) => sides[side].apiGeneration;
  return [
    ...(clientSecrets.cutAt72Bytes ? [new CutSecrets(generationOf, () => metrics.secretsCut.inc())] : []),
    ...(paging.translate ? [new TranslatePaging(generationOf, () => metrics.pagesTranslated.inc())] : []),
  ];
}
