// Every flow of ours with the npm package `oauth4webapi`, which checks each answer against its RFC; also its own
// verification of our access tokens (RFC 9068). The one lenience is plain http.

import assert from 'node:assert/strict';
import * as oauth from 'oauth4webapi';
import { consent } from './person.mjs';

const [base] = process.argv.slice(2);
const http = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(base);
const discovered = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...http });
const as = await oauth.processDiscoveryResponse(new URL(base), discovered).catch(async (error) => {
  // A URL has a slash at its end where an issuer has none.
  if (error.code !== oauth.JSON_ATTRIBUTE_COMPARISON) throw error;
  throw new Error(`the issuer does not compare equal: ${JSON.stringify(error.cause)}`);
});

async function person(client_id, authentication, redirect_uri) {
  const client = { client_id };
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const asked = new URL(as.authorization_endpoint);
  asked.search = new URLSearchParams({
    client_id,
    redirect_uri,
    response_type: 'code',
    scope: 'files:read profile',
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  });
  const params = oauth.validateAuthResponse(as, client, await consent(asked), state);
  const answer = await oauth.authorizationCodeGrantRequest(as, client, authentication, params, redirect_uri, verifier, http);
  const tokens = await oauth.processAuthorizationCodeResponse(as, client, answer);

  const request = new Request(new URL('/api/me', base), { headers: { authorization: `Bearer ${tokens.access_token}` } });
  const claims = await oauth.validateJwtAccessToken(as, request, 'quickstart', http);
  assert.deepEqual([claims.sub, claims.client_id, claims.scope], ['demo', client_id, 'files:read profile']);
  const me = await oauth.protectedResourceRequest(tokens.access_token, 'GET', new URL('/api/me', base), undefined, undefined, http);
  assert.equal((await me.json()).client_id, client_id);

  const introspect = async (token) => oauth.processIntrospectionResponse(as, client, await oauth.introspectionRequest(as, client, authentication, token, http));
  assert.equal((await introspect(tokens.access_token)).active, true);

  const refreshed = await oauth.processRefreshTokenResponse(as, client, await oauth.refreshTokenGrantRequest(as, client, authentication, tokens.refresh_token, http));
  assert.ok(refreshed.refresh_token);
  await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, authentication, refreshed.refresh_token, http));
  assert.deepEqual(await introspect(refreshed.access_token), { active: false });

  // A code that nobody issued: the refusal is read as RFC 6749 §5.2 has it.
  params.set('code', 'rfc_nobody');
  const refused = await oauth.authorizationCodeGrantRequest(as, client, authentication, params, redirect_uri, verifier, http);
  await assert.rejects(oauth.processAuthorizationCodeResponse(as, client, refused), { error: 'invalid_grant' });
}

await person('demo-web', oauth.ClientSecretBasic('demo-secret'), 'http://127.0.0.1:8080/callback');
await person('demo-web', oauth.ClientSecretPost('demo-secret'), 'http://127.0.0.1:8080/callback');
await person('demo-spa', oauth.None(), `${base}/app/callback`);

const service = { client_id: 'demo-service' };
const secret = oauth.ClientSecretBasic('demo-secret');
const own = await oauth.processClientCredentialsResponse(as, service, await oauth.clientCredentialsGrantRequest(as, service, secret, { scope: 'files:write' }, http));
const known = await oauth.processIntrospectionResponse(as, service, await oauth.introspectionRequest(as, service, secret, own.access_token, http));
assert.deepEqual([known.active, known.scope], [true, 'files:write']);
const wrong = await oauth.clientCredentialsGrantRequest(as, service, oauth.ClientSecretBasic('wrong'), {}, http);
await assert.rejects(oauth.processClientCredentialsResponse(as, service, wrong), (error) => error instanceof oauth.WWWAuthenticateChallengeError && error.status === 401);
const posted = await oauth.clientCredentialsGrantRequest(as, service, oauth.ClientSecretPost('wrong'), {}, http);
await assert.rejects(oauth.processClientCredentialsResponse(as, service, posted), { error: 'invalid_client', status: 401 });
console.log('oauth4webapi: ok');
