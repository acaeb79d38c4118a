// oidc-provider with its adapter in memory: oidc.mjs FORMAT ALGORITHM prints its address, and what can be refreshed.
import { generateKeyPairSync } from 'node:crypto';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

// That it is for development only is known, and standard output is read by the bench.
console.info = console.warn = () => {};
const require = createRequire(`${process.env.PEERS}/`);
const { Provider } = await import(pathToFileURL(require.resolve('oidc-provider')));
const [format, algorithm] = process.argv.slice(2);
const resource = 'urn:bench';

function jwk(kind, options, alg) {
  const { privateKey } = generateKeyPairSync(kind, options);
  return { ...privateKey.export({ format: 'jwk' }), alg, use: 'sig', kid: alg };
}

const provider = new Provider('http://127.0.0.1:8080', {
  clients: [{
    client_id: 'bench',
    client_secret: 'bench-secret',
    grant_types: ['client_credentials', 'authorization_code', 'refresh_token'],
    redirect_uris: ['https://bench.example.com/cb'],
    token_endpoint_auth_method: 'client_secret_post',
  }],
  jwks: { keys: [jwk('rsa', { modulusLength: 2048 }, 'RS256'), jwk('ec', { namedCurve: 'P-256' }, 'ES256')] },
  cookies: { keys: ['bench'] },
  scopes: ['offline_access', 'read'],
  rotateRefreshToken: false,
  routes: { token: '/oauth/token', introspection: '/oauth/introspect' },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => resource,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: 'read',
        audience: resource,
        accessTokenFormat: format,
        accessTokenTTL: 3600,
        jwt: format === 'jwt' ? { sign: { alg: algorithm } } : undefined,
      }),
    },
  },
});

const client = await provider.Client.find('bench');
const grant = new provider.Grant({ accountId: 'ada', clientId: 'bench' });
grant.addOIDCScope('offline_access');
grant.addResourceScope(resource, 'read');
const grantId = await grant.save();
const refresh = await new provider.RefreshToken({
  accountId: 'ada', client, grantId, gty: 'authorization_code', scope: 'offline_access read', resource,
}).save();

const server = provider.listen(0, '127.0.0.1', () => {
  console.log(`127.0.0.1:${server.address().port}`);
  console.log(refresh);
  console.log('');
});
