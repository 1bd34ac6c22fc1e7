/* json.c: a recursive reader of JSON (RFC 8259) that adds up what it sees; no tree is built. */
#include "bench.h"

static char text[1 << 16];
static size_t used;

static struct {
	uint32_t objects, arrays, strings, words;
	uint64_t hash;
	double sum;
} seen;

static const char *value(const char *at);

static const char *space(const char *at)
{
	while (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r')
		at++;
	return at;
}

static const char *string(const char *at)
{
	seen.strings++;
	for (at++; *at != '"'; at++) {
		if (*at == '\\')
			at++;
		seen.hash = (seen.hash ^ (uint8_t)*at) * 0x100000001b3u;
	}
	return at + 1;
}

static const char *digits(const char *at, double *number, double *scale)
{
	for (; *at >= '0' && *at <= '9'; at++) {
		*number = *number * 10 + (*at - '0');
		*scale *= 10;
	}
	return at;
}

static const char *number(const char *at)
{
	int negative = *at == '-';
	double n = 0, scale = 1;

	at = digits(at + negative, &n, &scale);
	scale = 1;
	if (*at == '.')
		at = digits(at + 1, &n, &scale);
	seen.sum += negative ? -n / scale : n / scale;
	return at;
}

/* Between the brackets: members or elements. */
static const char *list(const char *at, char close)
{
	for (at = space(at + 1); *at != close; at = space(at)) {
		if (close == '}')
			at = space(string(at)) + 1;
		at = space(value(at));
		if (*at == ',')
			at = space(at + 1);
	}
	return at + 1;
}

static const char *value(const char *at)
{
	at = space(at);
	switch (*at) {
	case '{':
		seen.objects++;
		return list(at, '}');
	case '[':
		seen.arrays++;
		return list(at, ']');
	case '"':
		return string(at);
	case 't':
	case 'f':
	case 'n':
		seen.words++;
		return at + (*at == 'f' ? 5 : 4);
	default:
		return number(at);
	}
}

static void put(const char *what)
{
	size_t size = strlen(what);

	memcpy(text + used, what, size);
	used += size;
}

static void put_number(uint32_t n)
{
	char digit[2] = { 0 };

	if (n >= 10)
		put_number(n / 10);
	digit[0] = (char)('0' + n % 10);
	put(digit);
}

static void make_text(void)
{
	uint32_t seed = 14;

	put("[");
	while (used < sizeof(text) - 256) {
		put("{\"name\": \"program \\\"");
		put_number(bench_random(&seed));
		put("\\\"\",\n\t\"running\": true, \"limits\": [");
		put_number(bench_random(&seed) % 1000);
		put(".");
		put_number(bench_random(&seed) % 100000);
		put(", -17, null],\n\t\"more\": {\"deep\": {\"deeper\": [[], [1, [2]]]}}},\n");
	}
	put("0]");
}

int main(int argc, char **argv)
{
	uint32_t work = bench_work(argc, argv, 400);

	make_text();
	bench_begin();
	for (uint32_t i = 0; i < work; i++)
		value(text);
	uint64_t check = bench_mix(seen.hash, seen.objects ^ seen.arrays << 8 ^ seen.words);
	return bench_end(bench_mix_double(bench_mix(check, seen.strings), seen.sum));
}
