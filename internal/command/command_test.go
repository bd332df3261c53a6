package command_test

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"dynamoguard/internal/command"
	"dynamoguard/internal/tables"
	"dynamoguard/policies"
)

func run(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = command.Run(args, "1.2.3", policies.All(), strings.NewReader(stdin), &out, &errs)
	return code, out.String(), errs.String()
}

func TestExplainsItself(t *testing.T) {
	for _, args := range [][]string{nil, {"help"}, {"--help"}, {"-h"}} {
		code, stdout, stderr := run(t, "", args...)
		if code != 0 || stderr != "" || !strings.Contains(stdout, "pulumi preview --policy-pack") {
			t.Errorf("%q: exit code %d, %s%s", args, code, stdout, stderr)
		}
	}
}

func TestVersion(t *testing.T) {
	if code, stdout, stderr := run(t, "", "version"); code != 0 || stdout != "1.2.3\n" || stderr != "" {
		t.Errorf("exit code %d, %q, %q", code, stdout, stderr)
	}
	want := "dynamoguard 1.2.3\ncompiled by " + runtime.Version() + " for "
	if code, stdout, stderr := run(t, "", "--version"); code != 0 || !strings.HasPrefix(stdout, want) || stderr != "" {
		t.Errorf("exit code %d, %q, %q", code, stdout, stderr)
	}
}

func TestMistakes(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"chekc"}, "dynamoguard: unknown command \"chekc\" for \"pulumi-analyzer-dynamoguard\"\n"},
		{[]string{"version", "now"}, "dynamoguard: unknown command \"now\" for \"pulumi-analyzer-dynamoguard version\"\n"},
		{[]string{"--verbose"}, "dynamoguard: unknown flag: --verbose\n"},
		{[]string{"127.0.0.1"}, "dynamoguard: unknown command \"127.0.0.1\" for \"pulumi-analyzer-dynamoguard\"\n"},
		{[]string{"serve", "127.0.0.1:1"}, "dynamoguard: unknown command \"serve\" for \"pulumi-analyzer-dynamoguard\"\n"},
		{[]string{"127.0.0.1:99999"}, "dynamoguard: unknown command \"127.0.0.1:99999\" for \"pulumi-analyzer-dynamoguard\"\n"},
	} {
		if code, stdout, stderr := run(t, "", c.args...); code != 1 || stdout != "" || stderr != c.want+"Run it with help for what it does.\n" {
			t.Errorf("%q: exit code %d, %q, %q", c.args, code, stdout, stderr)
		}
	}
}

// TestDoctorOfConfiguration checks a configuration, without anything else.
func TestDoctorOfConfiguration(t *testing.T) {
	write := func(text string) string {
		path := filepath.Join(t.TempDir(), "config.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	bad := write(`{"table-encryption": {"minimumKey": "custmer"}, "dynamoguard": {"index": {"sorce": "/srv/index.json"}}}`)
	code, stdout, stderr := run(t, "", "doctor", "--config", bad)
	want := `dynamoguard: dynamoguard cannot use its configuration:
  table-encryption.minimumKey "custmer" is not one of aws-owned, aws-managed, customer; did you mean "customer"?
  dynamoguard.index.sorce is not a property; did you mean "source"?
Run it with help for what it does.
`
	if code != 1 || stdout != "" || stderr != want {
		t.Errorf("a bad one: exit code %d, %s%s", code, stdout, stderr)
	}
	good := write(`{"table-encryption": {"minimumKey": "customer"}}`)
	code, stdout, stderr = run(t, "", "doctor", "--config", good)
	if code != 0 || !strings.HasPrefix(stdout, "The configuration\n  from          "+good+"\n  hash          ") || stderr != "" {
		t.Errorf("a good one: exit code %d, %s%s", code, stdout, stderr)
	}
}

// TestSimulate: one answer a line, in order; a bad line does not stop the rest.
func TestSimulate(t *testing.T) {
	const document = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"*"}]}`
	code, stdout, stderr := run(t, `{"id":"a","action":"dynamodb:GetItem","resource":"arn:aws:dynamodb:us-east-1:111122223333:table/orders","identity":[`+document+`]}
not json

{"id":"b","action":"dynamodb:PutItem","resource":"arn:aws:dynamodb:us-east-1:111122223333:table/orders","identity":[`+document+`]}`,
		"simulate")
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	if code != 0 || stderr != "" || len(lines) != 3 {
		t.Fatalf("exit code %d, %q, %q", code, stdout, stderr)
	}
	for i, want := range []string{
		`{"id":"a","verdict":"Allowed",`, `{"error":"not a request: `, `{"id":"b","verdict":"ImplicitlyDenied",`,
	} {
		if !strings.HasPrefix(lines[i], want) {
			t.Errorf("line %d is %s, want %s...", i, lines[i], want)
		}
	}
	if want := `"findings":["iam-unscoped-resource"]}`; !strings.HasSuffix(lines[0], want) {
		t.Errorf("%s does not end with %s", lines[0], want)
	}
}

const indexFile = `{"schemaVersion":1,"generatedAt":"2026-11-22T12:00:00Z","unread":["acme/shop/lost"],"tables":[
{"partition":"aws","account":"111122223333","region":"us-east-1","name":"carts","organization":"acme","project":"shop","stack":"dev","urn":"urn:pulumi:dev::shop::aws:dynamodb/table:Table::carts"},
{"partition":"","account":"","region":"","name":"orders","organization":"acme","project":"bank","stack":"prod","urn":"urn:pulumi:prod::bank::aws:dynamodb/table:Table::orders"}
]}`

// TestIndex reads an index, and a backend without one.
func TestIndex(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "index.json")
	stacks := filepath.Join(folder, ".pulumi", "stacks")
	if err := os.MkdirAll(stacks, 0o755); err != nil {
		t.Fatal(err)
	}
	const state = `{"version":3,"checkpoint":{"latest":{"resources":[{"urn":"urn:pulumi:test::shop::aws:dynamodb/table:Table::items",` +
		`"type":"aws:dynamodb/table:Table","outputs":{"arn":"arn:aws:dynamodb:eu-west-1:111122223333:table/items"}}]}}}`
	for path, text := range map[string]string{
		file: indexFile, filepath.Join(stacks, "test.json"): state, filepath.Join(stacks, "other.json.zst"): "",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PULUMI_BACKEND_URL", "file://"+filepath.ToSlash(folder))
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	const (
		head   = "TABLE   ACCOUNT       REGION     STACK      URN\n"
		carts  = "carts   111122223333  us-east-1  shop/dev   urn:pulumi:dev::shop::aws:dynamodb/table:Table::carts\n"
		orders = "orders  ?             ?          bank/prod  urn:pulumi:prod::bank::aws:dynamodb/table:Table::orders\n"
		lost   = "not read: acme/shop/lost\n"
		hint   = "Run it with help for what it does.\n"
	)
	for _, c := range []struct {
		args           []string
		code           int
		stdout, stderr string
	}{
		{[]string{"index", "show", "--index", file}, 0, head + carts + orders, lost},
		{[]string{"index", "find", "orders", "--index", file}, 0,
			"TABLE   ACCOUNT  REGION  STACK      URN\norders  ?        ?       bank/prod  urn:pulumi:prod::bank::aws:dynamodb/table:Table::orders\n", lost},
		{[]string{"index", "find", "order", "--index", file}, 1, "", lost + "dynamoguard: no stack that was read owns a table named order\n" + hint},
		{[]string{"index", "show", "--index", file + "x"}, 1, "", "dynamoguard: " + file + "x: no such file or directory\n" + hint},
		{[]string{"index", "find", "it*s"}, 0,
			"TABLE  ACCOUNT       REGION     STACK      URN\nitems  111122223333  eu-west-1  shop/test  urn:pulumi:test::shop::aws:dynamodb/table:Table::items\n",
			"not read: 1 stack compressed with Zstandard, which is read through an index only: other\n"},
	} {
		code, stdout, stderr := run(t, "", c.args...)
		if code != c.code || stdout != c.stdout || stderr != c.stderr {
			t.Errorf("%q: exit code %d\n%s%s", c.args, code, stdout, stderr)
		}
	}
}

// TestIndexSignature: tables are listed only where the signature holds that was asked for. The keys open nothing.
func TestIndexSignature(t *testing.T) {
	const (
		privateKey = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIDNKB9PqoN+NLwEe04w/cyyVSIoL6pnRqdf1paypGSXG\n-----END PRIVATE KEY-----\n"
		publicKey  = "MCowBQYDK2VwAyEAIkQH+bV8kCqmtLwcpgRqbUpkpeLsM8K94lW8V821a3U="
		otherKey   = "MCowBQYDK2VwAyEAsnT9nV3gzXUxhUNYEAb7MIgSNzRLb2sbvAhYzphiWEY="
		hint       = "Run it with help for what it does.\n"
	)
	key, err := tables.ParsePrivateKey([]byte(privateKey))
	if err != nil {
		t.Fatal(err)
	}
	x, err := tables.Decode([]byte(indexFile))
	if err != nil {
		t.Fatal(err)
	}
	x.Unread = nil
	plain, signed := filepath.Join(t.TempDir(), "plain.json"), filepath.Join(t.TempDir(), "signed.json")
	for file, data := range map[string][]byte{plain: x.Encode(), signed: tables.Sign(x.Encode(), key)} {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const orders = "TABLE   ACCOUNT  REGION  STACK      URN\norders  ?        ?       bank/prod  urn:pulumi:prod::bank::aws:dynamodb/table:Table::orders\n"
	for _, c := range []struct {
		args           []string
		code           int
		stdout, stderr string
	}{
		{[]string{"--index", signed, "--public-key", publicKey}, 0, orders, "the index is signed by this key\n"},
		{[]string{"--index", signed}, 0, orders, ""},
		{[]string{"--index", signed, "--public-key", otherKey}, 1, "", "dynamoguard: " + signed + ": its signature is not by the configured key\n" + hint},
		{[]string{"--index", plain, "--public-key", publicKey}, 1, "", "dynamoguard: " + plain + ": it is not signed\n" + hint},
		{[]string{"--index", signed, "--public-key", "x"}, 1, "", "dynamoguard: " + signed + ": the configured public key is not an ed25519 public key, " +
			"such as openssl pkey -pubout writes between its first line and its last\n" + hint},
		{[]string{"--public-key", publicKey}, 1, "", "dynamoguard: --public-key is for an index; name one with --index\n" + hint},
	} {
		code, stdout, stderr := run(t, "", append([]string{"index", "find", "orders"}, c.args...)...)
		if code != c.code || stdout != c.stdout || stderr != c.stderr {
			t.Errorf("%q: exit code %d\n%s%s", c.args, code, stdout, stderr)
		}
	}
}

// TestForgedOutput: whatever an index, an argument or a request holds, no control character of it reaches the terminal, and
// no line begins in the middle of it.
func TestForgedOutput(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "in\x1b[31m\ndex.json")
	const forged = `{"schemaVersion":1,"generatedAt":"2026-11-22T12:00:00Z","unread":["acme/shop/lost\nnot read: nothing\u001b[2J"],"tables":[
{"partition":"aws","account":"111122223333","region":"us-east-1","name":"car\u001b[31m\tts\u009b","organization":"acme","project":"shop","stack":"de\nv","urn":"urn:pulumi:dev\u202e` + "\xff" + `"}]}`
	if err := os.WriteFile(file, []byte(forged), 0o600); err != nil {
		t.Fatal(err)
	}
	shown := filepath.Join(folder, `in\u001b[31m\u000adex.json`)
	const hint = "Run it with help for what it does.\n"
	for _, c := range []struct {
		args           []string
		stdin          string
		code           int
		stdout, stderr string
	}{
		{[]string{"index", "show", "--index", file}, "", 0, "" +
			"TABLE                        ACCOUNT       REGION     STACK           URN\n" +
			`car\u001b[31m\u0009ts\u009b  111122223333  us-east-1  shop/de\u000av  urn:pulumi:dev\u202e\ufffd` + "\n",
			`not read: acme/shop/lost\u000anot read: nothing\u001b[2J` + "\n"},
		{[]string{"index", "find", "a\x1b[2Jb\nc", "--index", file}, "", 1, "", "" +
			`not read: acme/shop/lost\u000anot read: nothing\u001b[2J` + "\n" +
			`dynamoguard: no stack that was read owns a table named a\u001b[2Jb\u000ac` + "\n" + hint},
		{[]string{"index", "show", "--index", file + "x"}, "", 1, "", "dynamoguard: " + shown + "x: no such file or directory\n" + hint},
		{[]string{"--a\x1b[2J"}, "", 1, "", `dynamoguard: unknown flag: --a\u001b[2J` + "\n" + hint},
		{[]string{"simulate"}, `{"id":"` + "\u009b2J\xff" + `","action":"` + "a\u009b" + `"}` + "\n" + "\u009b", 0, "" +
			`{"id":"\u009b2J\ufffd","error":"action \"a\\u009b\": write one action as service:name"}` + "\n" +
			`{"error":"not a request: invalid character 'Â' looking for beginning of value"}` + "\n", ""},
	} {
		code, stdout, stderr := run(t, c.stdin, c.args...)
		if code != c.code || stdout != c.stdout || stderr != c.stderr {
			t.Errorf("%q: exit code %d\n%s%s\nwant\n%s%s", c.args, code, stdout, stderr, c.stdout, c.stderr)
		}
	}
}
