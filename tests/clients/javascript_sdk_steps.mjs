// What Azure's SDKs for JavaScript do with a registry: `node FILE SCENARIO GIVEN FOUND`.

import { readFileSync, writeFileSync } from "node:fs";
import { buffer } from "node:stream/consumers";
import { ContainerRegistryClient, ContainerRegistryContentClient } from "@azure/container-registry";
import { ClientCertificateCredential, ClientSecretCredential } from "@azure/identity";

const [scenario, givenFile, foundFile] = process.argv.slice(2);
const given = JSON.parse(readFileSync(givenFile, "utf8"));
const authority = { authorityHost: given.server, disableInstanceDiscovery: true };
const quick = { retryOptions: { maxRetries: 0 } };

function credential() {
  const { tenant, client_id: client, secret, certificate } = given;
  return certificate
    ? new ClientCertificateCredential(tenant, client, certificate, authority)
    : new ClientSecretCredential(tenant, client, secret, authority);
}

async function all(pages) {
  const found = [];
  for await (const each of pages) found.push(each);
  return found;
}

async function refusal(promise) {
  try {
    await promise;
    return null;
  } catch (error) {
    return { status: error.statusCode, code: error.code, name: error.name };
  }
}

async function read() {
  const client = new ContainerRegistryClient(given.server, credential(), quick);
  const repository = client.getRepository(given.repository);
  const artifact = repository.getArtifact("v1");
  const properties = await repository.getProperties();
  const manifest = await artifact.getManifestProperties();
  return {
    names: await all(client.listRepositoryNames()),
    pages: await all(
      (async function* () {
        for await (const page of client.listRepositoryNames().byPage({ maxPageSize: 1 })) {
          yield page.length;
        }
      })(),
    ),
    properties: { tags: properties.tagCount, manifests: properties.manifestCount },
    manifest: { digest: manifest.digest, tags: manifest.tags, size: manifest.sizeInBytes > 0 },
    tags: (await all(artifact.listTagProperties())).map((tag) => [tag.name, tag.digest]),
    newest: (
      await all(artifact.listTagProperties({ order: "LastUpdatedOnDescending" }))
    ).map((tag) => tag.name),
    tag: (await artifact.getTagProperties("v2")).digest,
    manifests: (await all(repository.listManifestProperties())).map((each) => each.digest),
    missing: await refusal(artifact.getTagProperties("nowhere")),
    deletion: await refusal(artifact.deleteTag("v1")),
  };
}

async function write() {
  const content = new ContainerRegistryContentClient(
    given.server,
    given.repository,
    credential(),
    quick,
  );
  const config = Buffer.from("{}");
  const layer = Buffer.alloc(5 * 1024 * 1024 + 7, "harbour ");
  const uploaded = { config: await content.uploadBlob(config), layer: await content.uploadBlob(layer) };
  const manifest = {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: {
      mediaType: "application/vnd.oci.image.config.v1+json",
      digest: uploaded.config.digest,
      size: config.length,
    },
    layers: [
      {
        mediaType: "application/vnd.oci.image.layer.v1.tar",
        digest: uploaded.layer.digest,
        size: layer.length,
      },
    ],
  };
  const set = await content.setManifest(manifest, { tag: "js" });
  const got = await content.getManifest("js");
  const blob = await content.downloadBlob(uploaded.layer.digest);
  const same = Buffer.compare(await buffer(blob.content), layer) === 0;
  const client = new ContainerRegistryClient(given.server, credential(), quick);
  const artifact = client.getArtifact(given.repository, set.digest);
  const before = (await all(artifact.listTagProperties())).map((tag) => tag.name);
  await artifact.deleteTag("js");
  const after = (await all(artifact.listTagProperties())).map((tag) => tag.name);
  await content.deleteManifest(set.digest);
  const gone = await refusal(content.getManifest(set.digest));
  await client.deleteRepository(given.repository);
  return {
    digests: [set.digest, got.digest],
    mediaType: got.mediaType,
    layers: got.manifest.layers.length,
    same,
    before,
    after,
    gone: gone?.status ?? gone?.name,
    left: (await all(client.listRepositoryNames())).includes(given.repository),
  };
}

async function anonymous() {
  const client = new ContainerRegistryClient(given.server, quick);
  const artifact = client.getArtifact(given.repository, "v1");
  return {
    digest: (await artifact.getManifestProperties()).digest,
    names: await all(client.listRepositoryNames()),
    deletion: await refusal(artifact.deleteTag("v1")),
  };
}

async function refused() {
  const client = new ContainerRegistryClient(given.server, credential(), quick);
  return await refusal(all(client.listRepositoryNames()));
}

async function wrong() {
  const token = credential().getToken("https://containerregistry.azure.net/.default");
  try {
    await token;
    return null;
  } catch (error) {
    return error.message;
  }
}

const scenarios = { read, write, anonymous, refused, wrong };
writeFileSync(foundFile, JSON.stringify(await scenarios[scenario]()));
