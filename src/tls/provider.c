/*
 * The provider: its entry, and how a key of it is made. See provider.h.
 */
#include "tls/provider.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <openssl/core_dispatch.h>
#include <openssl/params.h>
#include <openssl/provider.h>

static const OSSL_ALGORITHM *query(void *context, int operation, int *ret_no_cache)
{
    (void)context;
    *ret_no_cache = 0;
    if (operation == OSSL_OP_KEYMGMT)
        return provider_key_algorithms;
    return operation == OSSL_OP_SIGNATURE ? provider_signature_algorithms : NULL;
}

static const OSSL_DISPATCH provider_functions[] = {
    {OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query},
    {0, NULL},
};

static int initialize(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *core,
                      const OSSL_DISPATCH **ret, void **ret_context)
{
    (void)core;
    *ret = provider_functions;
    /* Nothing is kept here, but without a context some versions take the provider for broken. */
    *ret_context = (void *)(uintptr_t)handle;
    return 1;
}

int provider_load(OSSL_LIB_CTX *context, OSSL_PROVIDER **ret)
{
    if (!OSSL_PROVIDER_add_builtin(context, PROVIDER_NAME, initialize))
        return -ENOMEM;
    *ret = OSSL_PROVIDER_load(context, PROVIDER_NAME);
    return *ret ? 0 : -ENOMEM;
}

/* The parameters in PUBLIC_PARAMETERS and behind them who is to be asked. */
static int key_make(EVP_PKEY_CTX *maker, const OSSL_PARAM *public_parameters,
                    const struct tls_questions *questions, EVP_PKEY **ret)
{
    OSSL_PARAM who[2] = {
        OSSL_PARAM_construct_octet_string("questions", (void *)&questions, sizeof(void *)),
        OSSL_PARAM_construct_end(),
    };
    OSSL_PARAM *parameters = OSSL_PARAM_merge(public_parameters, who);
    if (!parameters)
        return -ENOMEM;
    bool made = EVP_PKEY_fromdata_init(maker) == 1 &&
                EVP_PKEY_fromdata(maker, ret, EVP_PKEY_KEYPAIR, parameters) == 1;
    OPENSSL_free(parameters);
    return made ? 0 : -EINVAL;
}

int provider_key(OSSL_LIB_CTX *context, const EVP_PKEY *public_key,
                 const struct tls_questions *questions, EVP_PKEY **ret)
{
    static const char *const names[] = {"RSA", "EC", "ED25519"};
    const char *name = NULL;
    for (size_t i = 0; i < ELEMENTS(names); i++)
        if (EVP_PKEY_is_a(public_key, names[i]))
            name = names[i];
    if (!name)
        return -EINVAL;
    OSSL_PARAM *parameters = NULL;
    EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_from_name(context, name, "provider=" PROVIDER_NAME);
    int error = -ENOMEM;
    if (maker && EVP_PKEY_todata(public_key, EVP_PKEY_PUBLIC_KEY, &parameters) == 1)
        error = key_make(maker, parameters, questions, ret);
    OSSL_PARAM_free(parameters);
    EVP_PKEY_CTX_free(maker);
    return error;
}
