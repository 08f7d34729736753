/* SPDX-License-Identifier: MIT */
/*
 * go_std.c - the packages of Go's standard library, those of Go 1.11 to 1.27 on all systems, and
 * the texts that Go's runtime writes into a trace itself. Their names are no secret, and tools
 * look for some of them. Stands on v1, which has some of these texts.
 */
#include "edit/go_std.h"

#include <stdlib.h>
#include <string.h>

#include "v1/convert.h"

/* In the order of strcmp(). The folders of Go's src that hold Go files, `cmd` left out, of Go 1.19,
 * 1.21 and 1.27, and those that only other versions had. */
static const char *const packages[] = {
	"archive/tar", "archive/zip", "arena", "bufio", "bytes", "cmp", "compress/bzip2",
	"compress/flate", "compress/gzip", "compress/lzw", "compress/zlib",
	"container/heap", "container/list", "container/ring", "context", "crypto",
	"crypto/aes", "crypto/boring", "crypto/cipher", "crypto/des", "crypto/dsa",
	"crypto/ecdh", "crypto/ecdsa", "crypto/ed25519",
	"crypto/ed25519/internal/edwards25519",
	"crypto/ed25519/internal/edwards25519/field", "crypto/elliptic",
	"crypto/elliptic/internal/fiat", "crypto/elliptic/internal/nistec",
	"crypto/fips140", "crypto/hkdf", "crypto/hmac", "crypto/hpke",
	"crypto/internal/alias", "crypto/internal/bigmod", "crypto/internal/bigmod/_asm",
	"crypto/internal/boring", "crypto/internal/boring/bbig",
	"crypto/internal/boring/bcache", "crypto/internal/boring/fipstls",
	"crypto/internal/boring/sig", "crypto/internal/boring/syso",
	"crypto/internal/constanttime", "crypto/internal/cryptotest",
	"crypto/internal/cryptotest/wycheproof",
	"crypto/internal/cryptotest/wycheproof/_schema",
	"crypto/internal/cryptotest/x509limbo",
	"crypto/internal/cryptotest/x509limbo/_schema", "crypto/internal/edwards25519",
	"crypto/internal/edwards25519/field", "crypto/internal/edwards25519/field/_asm",
	"crypto/internal/entropy", "crypto/internal/entropy/v1.0.0",
	"crypto/internal/fips140", "crypto/internal/fips140/aes",
	"crypto/internal/fips140/aes/_asm/ctr",
	"crypto/internal/fips140/aes/_asm/standard", "crypto/internal/fips140/aes/gcm",
	"crypto/internal/fips140/aes/gcm/_asm/gcm", "crypto/internal/fips140/alias",
	"crypto/internal/fips140/bigmod", "crypto/internal/fips140/bigmod/_asm",
	"crypto/internal/fips140/check", "crypto/internal/fips140/check/checktest",
	"crypto/internal/fips140/drbg", "crypto/internal/fips140/ecdh",
	"crypto/internal/fips140/ecdsa", "crypto/internal/fips140/ed25519",
	"crypto/internal/fips140/edwards25519",
	"crypto/internal/fips140/edwards25519/field",
	"crypto/internal/fips140/edwards25519/field/_asm", "crypto/internal/fips140/hkdf",
	"crypto/internal/fips140/hmac", "crypto/internal/fips140/mldsa",
	"crypto/internal/fips140/mlkem", "crypto/internal/fips140/nistec",
	"crypto/internal/fips140/nistec/_asm", "crypto/internal/fips140/nistec/fiat",
	"crypto/internal/fips140/pbkdf2", "crypto/internal/fips140/rsa",
	"crypto/internal/fips140/sha256", "crypto/internal/fips140/sha256/_asm",
	"crypto/internal/fips140/sha3", "crypto/internal/fips140/sha3/_asm",
	"crypto/internal/fips140/sha512", "crypto/internal/fips140/sha512/_asm",
	"crypto/internal/fips140/ssh", "crypto/internal/fips140/subtle",
	"crypto/internal/fips140/tls12", "crypto/internal/fips140/tls13",
	"crypto/internal/fips140cache", "crypto/internal/fips140deps",
	"crypto/internal/fips140deps/byteorder", "crypto/internal/fips140deps/cpu",
	"crypto/internal/fips140deps/godebug", "crypto/internal/fips140deps/time",
	"crypto/internal/fips140hash", "crypto/internal/fips140only",
	"crypto/internal/hpke", "crypto/internal/impl", "crypto/internal/mlkem768",
	"crypto/internal/nistec", "crypto/internal/nistec/fiat", "crypto/internal/rand",
	"crypto/internal/randutil", "crypto/internal/subtle", "crypto/internal/sysrand",
	"crypto/internal/sysrand/internal/seccomp", "crypto/md5", "crypto/md5/_asm",
	"crypto/mldsa", "crypto/mlkem", "crypto/mlkem/mlkemtest", "crypto/pbkdf2",
	"crypto/rand", "crypto/rc4", "crypto/rsa", "crypto/sha1", "crypto/sha1/_asm",
	"crypto/sha256", "crypto/sha3", "crypto/sha512", "crypto/subtle", "crypto/tls",
	"crypto/tls/fipsonly", "crypto/tls/internal/fips140tls", "crypto/x509",
	"crypto/x509/internal/macos", "crypto/x509/pkix", "database/sql",
	"database/sql/driver", "database/sql/internal", "debug/buildinfo", "debug/dwarf",
	"debug/elf", "debug/gosym", "debug/macho", "debug/pe", "debug/plan9obj", "embed",
	"encoding", "encoding/ascii85", "encoding/asn1", "encoding/base32",
	"encoding/base64", "encoding/binary", "encoding/csv", "encoding/gob",
	"encoding/hex", "encoding/json", "encoding/json/internal",
	"encoding/json/internal/jsonflags", "encoding/json/internal/jsonopts",
	"encoding/json/internal/jsontest", "encoding/json/internal/jsonwire",
	"encoding/json/jsontext", "encoding/json/v2", "encoding/pem", "encoding/xml",
	"errors", "expvar", "flag", "fmt", "go/ast", "go/build", "go/build/constraint",
	"go/constant", "go/doc", "go/doc/comment", "go/format", "go/importer",
	"go/internal/gccgoimporter", "go/internal/gcimporter", "go/internal/srcimporter",
	"go/internal/typeparams", "go/parser", "go/printer", "go/scanner", "go/token",
	"go/types", "go/version", "hash", "hash/adler32", "hash/crc32", "hash/crc64",
	"hash/fnv", "hash/maphash", "html", "html/template", "image", "image/color",
	"image/color/palette", "image/draw", "image/gif", "image/internal/imageutil",
	"image/jpeg", "image/png", "index/suffixarray", "internal/abi", "internal/asan",
	"internal/bisect", "internal/buildcfg", "internal/bytealg", "internal/byteorder",
	"internal/cfg", "internal/cgrouptest", "internal/chacha8rand",
	"internal/concurrent", "internal/coverage", "internal/coverage/calloc",
	"internal/coverage/cfile", "internal/coverage/cformat", "internal/coverage/cmerge",
	"internal/coverage/decodecounter", "internal/coverage/decodemeta",
	"internal/coverage/encodecounter", "internal/coverage/encodemeta",
	"internal/coverage/pods", "internal/coverage/rtcov",
	"internal/coverage/slicereader", "internal/coverage/slicewriter",
	"internal/coverage/stringtab", "internal/coverage/uleb128", "internal/cpu",
	"internal/dag", "internal/diff", "internal/exportdata", "internal/filepathlite",
	"internal/fmtsort", "internal/fuzz", "internal/gate", "internal/goarch",
	"internal/godebug", "internal/godebugs", "internal/goexperiment", "internal/goos",
	"internal/goroot", "internal/gover", "internal/goversion", "internal/intern",
	"internal/itoa", "internal/lazyregexp", "internal/lazytemplate", "internal/msan",
	"internal/nettest", "internal/nettrace", "internal/obscuretestdata",
	"internal/oserror", "internal/pkgbits", "internal/platform", "internal/poll",
	"internal/profile", "internal/profilerecord", "internal/race",
	"internal/reflectlite", "internal/routebsd", "internal/runtime/atomic",
	"internal/runtime/cgobench", "internal/runtime/cgroup",
	"internal/runtime/exithook", "internal/runtime/gc",
	"internal/runtime/gc/internal/gen", "internal/runtime/gc/scan",
	"internal/runtime/maps", "internal/runtime/math", "internal/runtime/pprof/label",
	"internal/runtime/startlinetest", "internal/runtime/sys",
	"internal/runtime/syscall", "internal/runtime/syscall/linux",
	"internal/runtime/syscall/windows", "internal/safefilepath", "internal/saferio",
	"internal/singleflight", "internal/strconv", "internal/stringslite",
	"internal/sync", "internal/synctest", "internal/syscall/execenv",
	"internal/syscall/unix", "internal/syscall/windows",
	"internal/syscall/windows/registry", "internal/syscall/windows/sysdll",
	"internal/sysinfo", "internal/syslist", "internal/testenv", "internal/testhash",
	"internal/testlog", "internal/testpty", "internal/trace", "internal/trace/event",
	"internal/trace/event/go122", "internal/trace/internal/oldtrace",
	"internal/trace/internal/testgen", "internal/trace/internal/tracev1",
	"internal/trace/raw", "internal/trace/testtrace", "internal/trace/tracev2",
	"internal/trace/traceviewer", "internal/trace/traceviewer/format",
	"internal/trace/v2", "internal/trace/v2/event", "internal/trace/v2/event/go122",
	"internal/trace/v2/raw", "internal/trace/v2/version", "internal/trace/version",
	"internal/txtar", "internal/types/errors", "internal/unsafeheader",
	"internal/weak", "internal/x/crypto/chacha20poly1305",
	"internal/x/crypto/cryptobyte", "internal/x/crypto/cryptobyte/asn1",
	"internal/x/crypto/curve25519", "internal/x/crypto/hkdf",
	"internal/x/crypto/internal/chacha20", "internal/x/crypto/poly1305",
	"internal/x/net/dns/dnsmessage", "internal/x/net/http/httpguts",
	"internal/x/net/http/httpproxy", "internal/x/net/http2/hpack",
	"internal/x/net/idna", "internal/x/net/lif", "internal/x/net/nettest",
	"internal/x/net/route", "internal/x/text/secure/bidirule",
	"internal/x/text/transform", "internal/x/text/unicode/bidi",
	"internal/x/text/unicode/norm", "internal/xcoff", "internal/zstd", "io", "io/fs",
	"io/ioutil", "iter", "log", "log/internal", "log/slog", "log/slog/internal",
	"log/slog/internal/benchmarks", "log/slog/internal/buffer",
	"log/slog/internal/slogtest", "log/syslog", "maps", "math", "math/big",
	"math/big/internal/asmgen", "math/bits", "math/cmplx", "math/rand", "math/rand/v2",
	"mime", "mime/multipart", "mime/quotedprintable", "net", "net/http",
	"net/http/cgi", "net/http/cookiejar", "net/http/fcgi", "net/http/httptest",
	"net/http/httptrace", "net/http/httputil", "net/http/internal",
	"net/http/internal/ascii", "net/http/internal/http2",
	"net/http/internal/httpcommon", "net/http/internal/httpsfv",
	"net/http/internal/testcert", "net/http/pprof", "net/internal/cgotest",
	"net/internal/socktest", "net/mail", "net/netip", "net/rpc", "net/rpc/jsonrpc",
	"net/smtp", "net/textproto", "net/url", "os", "os/exec", "os/exec/internal/fdtest",
	"os/signal", "os/signal/internal/pty", "os/user", "path", "path/filepath",
	"plugin", "reflect", "reflect/internal/example1", "reflect/internal/example2",
	"regexp", "regexp/syntax", "runtime", "runtime/_mkmalloc",
	"runtime/_mkmalloc/astutil", "runtime/asan", "runtime/cgo", "runtime/coverage",
	"runtime/debug", "runtime/internal/atomic", "runtime/internal/math",
	"runtime/internal/startlinetest", "runtime/internal/sys",
	"runtime/internal/syscall", "runtime/metrics", "runtime/msan", "runtime/pprof",
	"runtime/race", "runtime/race/internal/amd64v1", "runtime/race/internal/amd64v3",
	"runtime/secret", "runtime/trace", "simd", "simd/archsimd", "simd/archsimd/_gen",
	"simd/archsimd/_gen/midway", "simd/archsimd/_gen/sgutil",
	"simd/archsimd/_gen/simdgen", "simd/archsimd/_gen/simdgen/arm64",
	"simd/archsimd/_gen/tmplgen", "simd/archsimd/_gen/unify",
	"simd/archsimd/_gen/wasmgen", "simd/archsimd/internal/simd_test",
	"simd/archsimd/internal/test_helpers", "simd/internal/bridge", "slices", "sort",
	"strconv", "strings", "structs", "sync", "sync/atomic", "syscall", "syscall/js",
	"testing", "testing/cryptotest", "testing/fstest", "testing/internal/testdeps",
	"testing/iotest", "testing/quick", "testing/slogtest", "testing/synctest",
	"text/scanner", "text/tabwriter", "text/template", "text/template/parse", "time",
	"time/tzdata", "unicode", "unicode/utf16", "unicode/utf8", "unique", "unsafe",
	"uuid", "vendor/golang.org/x/crypto/chacha20",
	"vendor/golang.org/x/crypto/chacha20poly1305",
	"vendor/golang.org/x/crypto/cryptobyte",
	"vendor/golang.org/x/crypto/cryptobyte/asn1",
	"vendor/golang.org/x/crypto/curve25519",
	"vendor/golang.org/x/crypto/curve25519/internal/field",
	"vendor/golang.org/x/crypto/hkdf", "vendor/golang.org/x/crypto/internal/alias",
	"vendor/golang.org/x/crypto/internal/chacha20",
	"vendor/golang.org/x/crypto/internal/poly1305",
	"vendor/golang.org/x/crypto/internal/subtle",
	"vendor/golang.org/x/crypto/poly1305", "vendor/golang.org/x/net/dns/dnsmessage",
	"vendor/golang.org/x/net/http/httpguts", "vendor/golang.org/x/net/http/httpproxy",
	"vendor/golang.org/x/net/http2/hpack", "vendor/golang.org/x/net/http3",
	"vendor/golang.org/x/net/idna", "vendor/golang.org/x/net/internal/http3",
	"vendor/golang.org/x/net/internal/httpcommon",
	"vendor/golang.org/x/net/internal/quic/quicwire", "vendor/golang.org/x/net/lif",
	"vendor/golang.org/x/net/nettest", "vendor/golang.org/x/net/quic",
	"vendor/golang.org/x/net/route", "vendor/golang.org/x/sys/cpu",
	"vendor/golang.org/x/text/secure/bidirule", "vendor/golang.org/x/text/transform",
	"vendor/golang.org/x/text/unicode/bidi", "vendor/golang.org/x/text/unicode/norm",
	"vendor/golang_org/x/crypto/chacha20poly1305",
	"vendor/golang_org/x/crypto/cryptobyte",
	"vendor/golang_org/x/crypto/cryptobyte/asn1",
	"vendor/golang_org/x/crypto/curve25519",
	"vendor/golang_org/x/crypto/internal/chacha20",
	"vendor/golang_org/x/crypto/poly1305", "vendor/golang_org/x/net/dns/dnsmessage",
	"vendor/golang_org/x/net/http/httpguts", "vendor/golang_org/x/net/http/httpproxy",
	"vendor/golang_org/x/net/http2/hpack", "vendor/golang_org/x/net/idna",
	"vendor/golang_org/x/net/lif", "vendor/golang_org/x/net/nettest",
	"vendor/golang_org/x/net/route", "vendor/golang_org/x/text/secure/bidirule",
	"vendor/golang_org/x/text/transform", "vendor/golang_org/x/text/unicode/bidi",
	"vendor/golang_org/x/text/unicode/norm", "weak",
};

static int compare(const void *key, const void *item)
{
	const struct tt_str *text = key;
	const char *name = *(const char *const *)item;
	size_t len = strlen(name);
	int order = memcmp(text->data, name, text->len < len ? text->len : len);

	if (order != 0)
		return order;
	return (text->len > len) - (text->len < len);
}

bool tt_go_std_package(struct tt_str path)
{
	return path.len != 0 && bsearch(&path, packages, sizeof(packages) / sizeof(packages[0]),
					sizeof(packages[0]), compare) != NULL;
}

/* ---- texts */

/* Why a goroutine stops or the world does: what src/runtime/traceruntime.go and proc.go of Go have
 * beside the texts that Go's conversion of format v1 has, too (which calls one of them "all
 * goroutine stack trace"); and of `tracetool record -- PROGRAM`. Empty ends. */
static const char *const reasons[] = {
	"unspecified",
	"GC background sweeper wait",
	"system goroutine wait",
	"wait for debug call",
	"wait until GC ends",
	"GC weak to strong wait",
	"synctest",
	"unknown",
	"all goroutines stack trace",
	"sync mutex",
	"sync rwlock",
	"sync cond",
	"sync semaphore",
	"sync barrier",
	"sync join",
	"",
};

/* What the collector's workers are labelled with: src/runtime/mgc.go. */
static const char *const labels[] = {
	"Not worker",
	"GC (dedicated)",
	"GC (fractional)",
	"GC (idle)",
	"",
};

/* Where the runtime's own goroutines begin. None of these functions calls, or is called by, the
 * program, so that no stack of another goroutine ends with it. */
static const char *const roots[] = {
	"runtime.bgscavenge",
	"runtime.bgsweep",
	"runtime.forcegchelper",
	"runtime.gcBgMarkWorker",
	"runtime.(*traceAdvancerState).start.func1",
	"runtime.traceStartReadCPU.func1",
	"",
};

/* Its place in the list, or -1. */
static int find(struct tt_str text, const char *const *list)
{
	for (int i = 0; *list[i] != '\0'; i++)
		if (text.len == strlen(list[i]) && memcmp(text.data, list[i], text.len) == 0)
			return i;
	return -1;
}

bool tt_go_reason(struct tt_str text)
{
	for (size_t i = 0; i < TT_V1_NTEXTS; i++)
		if (text.len == strlen(tt_v1_texts[i]) &&
		    memcmp(text.data, tt_v1_texts[i], text.len) == 0)
			return true;
	return find(text, reasons) >= 0;
}

bool tt_go_label(struct tt_str text)
{
	return find(text, labels) >= 0;
}

int tt_go_runtime_root(struct tt_str func)
{
	return find(func, roots);
}
