// SPDX-License-Identifier: Apache-2.0
#include "base/sha256.h"

#ifdef WITH_CRYPTO

#include <openssl/crypto.h>
#include <openssl/evp.h>

/* libcrypto's context under our own type, so that the header does not depend on libcrypto. */
static EVP_MD_CTX *context(struct lt_sha256 *hash)
{
    return (EVP_MD_CTX *)(void *)hash;
}

struct lt_sha256 *lt_sha256_new(void)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL))
        return (struct lt_sha256 *)(void *)ctx;
    EVP_MD_CTX_free(ctx);
    return NULL;
}

void lt_sha256_add(struct lt_sha256 *hash, struct lt_str bytes)
{
    if (hash)
        EVP_DigestUpdate(context(hash), bytes.ptr, bytes.len);
}

void lt_sha256_finish(struct lt_sha256 *hash, struct lt_buf *out)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (!hash)
        return;
    EVP_DigestFinal_ex(context(hash), digest, &length);
    EVP_MD_CTX_free(context(hash));
    for (unsigned i = 0; i < length; i++)
        lt_buf_printf(out, "%02x", digest[i]);
}

const char *lt_sha256_version(void)
{
    return OpenSSL_version(OPENSSL_VERSION);
}

#else

struct lt_sha256 *lt_sha256_new(void)
{
    return NULL;
}

void lt_sha256_add(struct lt_sha256 *hash, struct lt_str bytes)
{
    (void)hash;
    (void)bytes;
}

void lt_sha256_finish(struct lt_sha256 *hash, struct lt_buf *out)
{
    (void)hash;
    (void)out;
}

const char *lt_sha256_version(void)
{
    return NULL;
}

#endif
