// A real OpenID Connect provider (npm oidc-provider) for the gateway's tests. It gives access tokens as JWTs to clients
// whose claims are in CLAIMS, prints where it listens, and rotates its signing key when it reads a line.
import { createServer } from 'node:http';
import { generateKeyPairSync } from 'node:crypto';
import { createInterface } from 'node:readline';
import Provider from 'oidc-provider';

const audience = process.env.AUDIENCE;
const claims = JSON.parse(process.env.CLAIMS);

function key(kid) {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...privateKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' };
}

function provider(issuer, keys) {
  return new Provider(issuer, {
    jwks: { keys },
    clients: Object.keys(claims).map((id) => ({
      client_id: id,
      client_secret: `secret of ${id}`,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      id_token_signed_response_alg: 'ES256',
    })),
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        getResourceServerInfo: () => ({
          scope: '',
          audience,
          accessTokenFormat: 'jwt',
          accessTokenTTL: 300,
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
    extraTokenClaims: (_, token) => claims[token.clientId],
    formats: {
      customizers: {
        // What the provider would not say of itself, signed by it all the same.
        jwt: (_, token, jwt) => Object.assign(jwt.payload, claims[token.clientId].instead),
      },
    },
  });
}

let handler;
const server = createServer((request, response) => handler(request, response));
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  let number = 1;
  handler = provider(issuer, [key('1')]).callback();
  console.log(issuer);
  createInterface({ input: process.stdin })
    .on('line', () => {
      number += 1;
      handler = provider(issuer, [key(String(number))]).callback();
      console.log('rotated');
    })
    // The test that started us is gone.
    .on('close', () => process.exit(0));
});
