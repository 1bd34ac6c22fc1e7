/*
 * expression.c: arithmetic by precedence climbing (Clarke, Richards): text to tree, tree to
 * value for many values of x.
 */
#include "bench.h"

enum {
	NODES_MAX = 256
};

struct node {
	char kind; /* an operator, 'x', or '0': a number */
	int32_t number;
	const struct node *left, *right;
};

static struct node nodes[NODES_MAX];
static uint32_t used;
static const char *at;

static struct node *make(char kind, int32_t number, const struct node *l, const struct node *r)
{
	struct node *n = &nodes[used++ % NODES_MAX];

	*n = (struct node){ kind, number, l, r };
	return n;
}

static int binding(char operator)
{
	switch (operator) {
	case '|':
		return 1;
	case '^':
		return 2;
	case '&':
		return 3;
	case '+':
	case '-':
		return 4;
	case '*':
	case '/':
	case '%':
		return 5;
	default:
		return 0;
	}
}

static struct node *parse(int above);

static struct node *parse_primary(void)
{
	struct node *n;
	int32_t number = 0;

	if (*at == '(') {
		at++;
		n = parse(0);
		at++;
		return n;
	}
	if (*at == 'x') {
		at++;
		return make('x', 0, NULL, NULL);
	}
	while (*at >= '0' && *at <= '9')
		number = number * 10 + (*at++ - '0');
	return make('0', number, NULL, NULL);
}

static struct node *parse(int above)
{
	struct node *left = parse_primary();

	while (binding(*at) > above) {
		char operator= * at++;
		left = make(operator, 0, left, parse(binding(operator)));
	}
	return left;
}

static int32_t evaluate(const struct node *n, int32_t x)
{
	if (n->kind == '0')
		return n->number;
	if (n->kind == 'x')
		return x;
	uint32_t a = (uint32_t)evaluate(n->left, x), b = (uint32_t)evaluate(n->right, x);
	switch (n->kind) {
	case '|':
		return (int32_t)(a | b);
	case '^':
		return (int32_t)(a ^ b);
	case '&':
		return (int32_t)(a & b);
	case '+':
		return (int32_t)(a + b);
	case '-':
		return (int32_t)(a - b);
	case '*':
		return (int32_t)(a * b);
	case '/':
		return (int32_t)(a / (b | 1));
	default:
		return (int32_t)(a % (b | 1));
	}
}

int main(int argc, char **argv)
{
	static const char *const texts[] = {
		"1+2*x-(x*x+7)*(3+x)/5%11^x&4095|12",
		"((x+1)*(x+2)*(x+3)-(x&7)*(x|8))/(x%9+1)",
		"x*x*x*x+13*x*x-(27*x+(31^x)*(5+x*(x-1)))%65537",
	};
	uint32_t work = bench_work(argc, argv, 12000);
	uint64_t check = 0;

	bench_begin();
	for (uint32_t i = 0; i < work; i++) {
		at = texts[i % 3];
		const struct node *tree = parse(0);
		for (int32_t x = 0; x < 60; x++)
			check = bench_mix(check, (uint32_t)evaluate(tree, x + (int32_t)i));
	}
	return bench_end(check);
}
