package e2e

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/dynamodb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"dynamoguard/e2e/internal/harness"
)

// keyOf makes an access key ID that belongs to an account: after the prefix, in
// base 32, a bit that is set and 40 bits of the account.
func keyOf(account uint64) string {
	var bits [10]byte
	binary.BigEndian.PutUint64(bits[:], (1<<40|account)<<23)
	return "AKIA" + base32.StdEncoding.EncodeToString(bits[:])
}

// The account of the stand-in provider, and another one.
const (
	ownAccount   = 111122223333
	otherAccount = 444455556666
)

// TestAcross declares a table whose name a stack of another project has, in the
// same file backend, with nothing configured.
func TestAcross(t *testing.T) {
	orders := stack(func(p program) { p.table("orders", nil) })
	abroad := stack(func(p program) { p.table("orders", nil, p.provider("abroad", "eu-west-1")) })
	elsewhere := stack(func(p program) {
		account := pulumi.Provider(must(aws.NewProvider(p.Context, "elsewhere", &aws.ProviderArgs{
			Region: pulumi.String("us-east-1"), AllowedAccountIds: pulumi.ToStringArray([]string{"444455556666"}),
		})))
		p.table("orders", nil, account)
	})
	first := harness.NewStack(t, collision, orders)
	check(t, "up of the first", first.Up(), passes(tableOrders))
	check(t, "the first again", first.Preview(), passes()) // its own table is nobody else's

	const second = "urn:pulumi:dev::billing::" + tableOrders
	const remedy = "give one of the two another name, or "
	taken := "mandatory high table-name-collision " + second + `: name: the table name "orders" is taken in account 111122223333 ` +
		"(by AWS_ACCESS_KEY_ID) and region us-east-1 by stack shop/dev, urn:pulumi:dev::shop::" + tableOrders + byState + "; " +
		remedy + "let one stack own the table and the other refer to it. SOC 2: CC8.1, A1.2"
	maybe := "advisory high table-name-collision " + second + `: name: the table name "orders" may be taken by stack shop/dev, ` +
		"urn:pulumi:dev::shop::" + tableOrders + byState + ": the account of this table is not known " +
		"(neither the environment nor a default profile names an account); " +
		remedy + "settle it by allowedAccountIds and region of the provider, or by accounts of dynamoguard. SOC 2: CC8.1, A1.2"

	s := first.Beside("billing", "dev", orders)
	for _, c := range []struct {
		name    string
		program pulumi.RunFunc
		key     string
		want    harness.Result
	}{
		{"same account", orders, keyOf(ownAccount), stopped(taken)},
		{"account not known", orders, "", harness.Result{Policy: []string{maybe}}},
		{"another account by its key", orders, keyOf(otherAccount), passes()},
		{"another account by its provider", elsewhere, "", passes()},
		{"another region", abroad, keyOf(ownAccount), passes()},
		{"same account, up", orders, keyOf(ownAccount), stoppedUp(taken)},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.Become(c.program)
			if c.key != "" {
				s.Sandbox().Env = []string{"AWS_ACCESS_KEY_ID=" + c.key}
			}
			defer func() { s.Sandbox().Env = nil }()
			if c.name == "same account, up" {
				check(t, c.name, s.Up(), c.want)
			} else {
				check(t, c.name, s.Preview(), c.want)
			}
		})
	}
}

// TestEnvironments has dev, staging and prod stacks of two projects in one
// backend: each names its tables by its stack, and a role of staging reaches for
// those of prod.
func TestEnvironments(t *testing.T) {
	tables := func(name string) pulumi.RunFunc {
		return stack(func(p program) { p.table(name, nil) })
	}
	dev := harness.NewStack(t, harness.About{"iam-cross-environment-grant", "table-name-pattern"}, tables("orders-dev"))
	dev.Sandbox().Env = []string{"AWS_ACCESS_KEY_ID=" + keyOf(ownAccount)}
	check(t, "dev", dev.Up(), passes("aws:dynamodb/table:Table::orders-dev"))
	check(t, "prod", dev.Beside("shop", "prod", tables("orders-prod")).Up(),
		passes("urn:pulumi:prod::shop::aws:dynamodb/table:Table::orders-prod"))
	check(t, "prod of another project", dev.Beside("billing", "prod", tables("orders-billing")).Up(),
		passes("urn:pulumi:prod::billing::aws:dynamodb/table:Table::orders-billing"))

	grants := func(resource string) pulumi.RunFunc {
		return stack(func(p program) {
			orders := p.table("orders-staging", nil)
			p.policy("orders", allow("dynamodb:GetItem dynamodb:PutItem", resource), after(orders))
		})
	}
	const policy = "urn:pulumi:staging::billing::aws:iam/policy:Policy::orders"
	reaches := "mandatory high iam-cross-environment-grant " + policy +
		`: policy.Statement[0].Resource "arn:aws:dynamodb:*:*:table/orders-*" gives a staging stack DynamoDB actions GetItem and PutItem, ` +
		`on tables of other environments: "orders-billing" of stack billing/prod (prod), ` +
		`"orders-dev" of stack shop/dev (dev) and "orders-prod" of stack shop/prod (prod)` + byState + "; " +
		"name the tables of staging only, or let the stack that owns these grant access to them" + orBoundary + ". SOC 2: CC6.3, CC8.1"
	staging := dev.Beside("billing", "staging", grants("arn:aws:dynamodb:*:*:table/orders-*"))
	check(t, "a prefix", staging.Preview(), stopped(reaches))
	staging.Become(grants("arn:aws:dynamodb:*:*:table/orders-staging"))
	check(t, "its own tables", staging.Preview(), passes())

	// A name that Pulumi makes up tells nobody which environment it is of.
	staging.Become(stack(func(p program) {
		p.table("orders", func(args *dynamodb.TableArgs) { args.Name = nil })
	}))
	got := staging.Preview()
	if got.ExitCode != 0 || len(got.Policy) != 1 || !madeUp.MatchString(got.Policy[0]) {
		t.Errorf("a name made up: exit code %d, %q", got.ExitCode, got.Policy)
	}
}

var madeUp = regexp.MustCompile(`^advisory low table-name-pattern urn:pulumi:staging::billing::` + regexp.QuoteMeta(tableOrders) +
	`: name "orders-[0-9a-f]{7}" has a random suffix, so nothing can name the table before it exists; ` +
	`set name, such as to "orders-staging", and keep environments apart by stacks\. SOC 2: CC8\.1$`)

// silentHost is the address of a host that accepts connections, and never says a
// word; closedHost that of a host that refuses them.
func silentHost(t *testing.T) string {
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

func closedHost(t *testing.T) string {
	// A socket that has a port and does not listen: a port that was given back may become another process's.
	socket := must(syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0))
	syscall.CloseOnExec(socket)
	t.Cleanup(func() { _ = syscall.Close(socket) })
	if err := syscall.Bind(socket, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	at, _ := must(syscall.Getsockname(socket)).(*syscall.SockaddrInet4)
	return fmt.Sprintf("127.0.0.1:%d", at.Port)
}

// TestSources configures indexes that cannot be used. The preview passes, says
// so, and reads the backend in their place. That it takes no longer than its
// budget is tested in internal/index.
func TestSources(t *testing.T) {
	hanging, closed := silentHost(t), closedHost(t)
	folder := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := file("good.json", `{"schemaVersion":1,"generatedAt":"`+time.Now().UTC().Format(time.RFC3339)+`","tables":[]}`)
	// A minute is more than anything takes but what hangs.
	const minute, moment = 60, 2
	preview := func(budget int, index string) harness.Result {
		var options []harness.Option
		if index != "" {
			options = append(options, harness.PackConfig(fmt.Sprintf(
				`{"dynamoguard": {"enforcementLevel": "advisory", "index": {"budgetSeconds": %d, %s}}}`, budget, index)))
		}
		return harness.NewStack(t, collision, stack(func(p program) { p.table("orders", nil) }), options...).Preview()
	}
	check(t, "nothing configured", preview(minute, ""), passes())
	source := func(s string) string { return `"source": "` + s + `"` }
	for _, c := range []struct{ name, index, unread string }{
		{"an index", source(good), ""},
		{"a host that hangs", source("https://" + hanging + "/index.json"),
			"the index https://" + hanging + "/index.json: it did not answer in time"},
		{"a host that is not there", source("https://" + closed + "/index.json"),
			"the index https://" + closed + "/index.json: dial tcp " + closed + ": connect: connection refused"},
		{"from the future", source(file("future.json", `{"schemaVersion":9}`)),
			"the index " + folder + "/future.json: not a table index: schemaVersion 9 is newer than 1, the newest this version of dynamoguard reads; update it"},
		{"cut off", source(file("cut.json", `{"schemaVersion":1,`)),
			"the index " + folder + "/cut.json: not a table index: it ends after 19 bytes, in the middle"},
		{"another checksum", source(good) + `, "sha256": "` + strings.Repeat("0", 64) + `"`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			budget := minute
			if c.name == "a host that hangs" {
				budget = moment
			}
			want := passes()
			switch {
			case c.unread != "":
				want.Policy = []string{"advisory low dynamoguard " + rootStack +
					": not all tables of other stacks were compared with this one's; not read: " + c.unread}
			case c.name == "another checksum":
				sum := sha256.Sum256(must(os.ReadFile(good)))
				want.Policy = []string{"advisory low dynamoguard " + rootStack +
					": not all tables of other stacks were compared with this one's; not read: the index " + good + ": its SHA-256 is " +
					hex.EncodeToString(sum[:]) + ", not " + strings.Repeat("0", 64) + " as configured"}
			}
			check(t, c.name, preview(budget, c.index), want)
		})
	}
}

// TestRequired configures indexes that cannot be used, with index.required and
// without. With it the run stops; without it, it passes and says so.
func TestRequired(t *testing.T) {
	refusing := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer refusing.Close()
	certificate := filepath.Join(t.TempDir(), "certificate.pem")
	block := &pem.Block{Type: "CERTIFICATE", Bytes: refusing.Certificate().Raw}
	if err := os.WriteFile(certificate, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	hanging, closed := silentHost(t), closedHost(t)
	good := filepath.Join(t.TempDir(), "good.json")
	index := `{"schemaVersion":1,"generatedAt":"` + time.Now().UTC().Format(time.RFC3339) + `","tables":[]}`
	if err := os.WriteFile(good, []byte(index), 0o600); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(index))
	zeros := strings.Repeat("0", 64)
	declares := stack(func(p program) { p.table("orders", nil) })
	for _, c := range []struct{ name, index, unread string }{
		{"another checksum", `"budgetSeconds": 60, "source": "` + good + `", "sha256": "` + zeros + `"`,
			"the index " + good + ": its SHA-256 is " + hex.EncodeToString(sum[:]) + ", not " + zeros + " as configured"},
		{"not authorised", `"budgetSeconds": 60, "source": "` + refusing.URL + `/index.json"`,
			"the index " + refusing.URL + "/index.json: the server answers 401 Unauthorized: it wants a header (index.headerFromEnv), or a presigned URL has expired"},
		{"unreachable", `"budgetSeconds": 60, "source": "https://` + closed + `/index.json"`,
			"the index https://" + closed + "/index.json: dial tcp " + closed + ": connect: connection refused"},
		{"not in time", `"budgetSeconds": 2, "source": "https://` + hanging + `/index.json"`,
			"the index https://" + hanging + "/index.json: it did not answer in time"},
	} {
		t.Run(c.name, func(t *testing.T) {
			of := func(program pulumi.RunFunc, required bool) *harness.Stack {
				s := harness.NewStack(t, collision, program, harness.PackConfig(fmt.Sprintf(
					`{"dynamoguard": {"enforcementLevel": "advisory", "index": {"required": %v, %s}}}`, required, c.index)))
				s.Sandbox().Env = []string{"SSL_CERT_FILE=" + certificate}
				return s
			}
			notice := "advisory low dynamoguard " + rootStack +
				": not all tables of other stacks were compared with this one's; not read: " + c.unread
			violation := "mandatory high table-name-collision " + tableOrders + ": index.required is set, and not all tables of other " +
				"stacks could be read: " + c.unread + "; see to it that they can be read, or name the stacks that may be missing in " +
				"index.allowUnread. SOC 2: CC8.1, A1.2"
			check(t, "not required", of(declares, false).Preview(), harness.Result{Policy: []string{notice}})
			required := of(declares, true)
			check(t, "required", required.Preview(), stopped(notice, violation))
			check(t, "required, up", required.Up(), stoppedUp(violation))
		})
	}
	t.Run("a stack without tables", func(t *testing.T) {
		s := harness.NewStack(t, collision, stack(func(p program) { p.policy("reader", pulumi.String(trust)) }),
			harness.PackConfig(`{"dynamoguard": {"enforcementLevel": "advisory", "index": {"required": true, "source": "/none.json"}}}`))
		check(t, "required", s.Preview(), passes())
	})
}
