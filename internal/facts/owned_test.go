package facts_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/tables"
)

const secret = `{"4dabf18193072939515e22adb298388d":"1b47061264138c4ac30d75fd1eb44270","ciphertext":"v1:hidden"}`

// shown is a secret as an export with --show-secrets has it. text is JSON in a JSON string.
func shown(text string) string {
	return `{"4dabf18193072939515e22adb298388d":"1b47061264138c4ac30d75fd1eb44270","plaintext":"` + text + `"}`
}

// checkpoint is a state as a backend keeps it.
func checkpoint(resources ...string) string {
	return `{"version":3,"checkpoint":{"stack":"organization/shop/dev","latest":{"manifest":{"time":"x","magic":"{\"[\\"},"resources":[` +
		strings.Join(resources, ",") + `],"metadata":{}}}}`
}

// owned is a resource of a state. members follow its type.
func owned(typ, name, members string) string {
	return fmt.Sprintf(`{"urn":"urn:pulumi:dev::shop::%s::%s","custom":true,"id":"id-%s","type":"%s",%s}`, typ, name, name, typ, members)
}

const (
	table       = "aws:dynamodb/table:Table"
	replica     = "aws:dynamodb/tableReplica:TableReplica"
	nativeTable = "aws-native:dynamodb:Table"
	nativeWorld = "aws-native:dynamodb:GlobalTable"
)

// entry writes an entry for a case: partition account region name, on the resource orders of the type.
func entry(typ, text string) tables.Entry {
	f := strings.Fields(strings.ReplaceAll(text, "?", " ? "))
	for i := range f {
		f[i] = strings.Trim(f[i], "?")
	}
	return tables.Entry{
		Partition: f[0], Account: f[1], Region: f[2], Name: f[3],
		Organization: "acme", Project: "shop", Stack: "dev", URN: "urn:pulumi:dev::shop::" + typ + "::orders",
	}
}

func pending(e tables.Entry, what string) tables.Entry {
	e.Pending = what
	return e
}

// made is an entry of the provider p.
func made(typ, text string) tables.Entry {
	e := entry(typ, text)
	e.Provider = "urn:pulumi:dev::shop::pulumi:providers:aws::p"
	return e
}

func TestReadTables(t *testing.T) {
	const arn = `"outputs":{"arn":"arn:aws:dynamodb:us-east-1:111122223333:table/orders","name":"orders"}`
	provider := func(inputs string) string {
		return owned("pulumi:providers:aws", "p", `"inputs":`+inputs+`,"outputs":{}`)
	}
	const byProvider = `"provider":"urn:pulumi:dev::shop::pulumi:providers:aws::p::1234-abcd"`
	for _, c := range []struct {
		name   string
		state  string
		want   []tables.Entry
		secret int
	}{
		{"a table by its ARN", checkpoint(owned(table, "orders", arn)),
			[]tables.Entry{entry(table, "aws 111122223333 us-east-1 orders")}, 0},
		{"an export", `{"version":3,"deployment":{"resources":[` + owned(table, "orders", arn) + `]}}`,
			[]tables.Entry{entry(table, "aws 111122223333 us-east-1 orders")}, 0},
		{"another partition", checkpoint(owned(table, "orders", `"outputs":{"arn":"arn:aws-cn:dynamodb:cn-north-1:111122223333:table/orders"}`)),
			[]tables.Entry{entry(table, "aws-cn 111122223333 cn-north-1 orders")}, 0},
		{"members in another order", checkpoint(`{"outputs":{"arn":"arn:aws:dynamodb:us-east-1:111122223333:table/orders"},"type":"` + table + `","urn":"urn:pulumi:dev::shop::` + table + `::orders"}`),
			[]tables.Entry{entry(table, "aws 111122223333 us-east-1 orders")}, 0},
		{"an escaped name", checkpoint(owned(table, "orders", `"outputs":{"name":"\u006frders","region":"us-east-1"}`)),
			[]tables.Entry{entry(table, "aws ? us-east-1 orders")}, 0},
		{"without an ARN, by its provider", checkpoint(provider(`{"region":"eu-west-1","allowedAccountIds":"[\"111122223333\"]"}`), owned(table, "orders", `"inputs":{"name":"orders"},`+byProvider)),
			[]tables.Entry{made(table, "aws 111122223333 eu-west-1 orders")}, 0},
		{"by the key of its provider", checkpoint(provider(`{"region":"eu-west-1","accessKey":"ASIAY34FZKBOKMUTVV7A"}`), owned(table, "orders", `"inputs":{"name":"orders"},`+byProvider)),
			[]tables.Entry{made(table, "aws 609629065308 eu-west-1 orders")}, 0},
		{"a secret provider says nothing", checkpoint(provider(`{"region":`+secret+`,"allowedAccountIds":`+secret+`}`), owned(table, "orders", `"inputs":{"name":"orders"},`+byProvider)),
			[]tables.Entry{made(table, "? ? ? orders")}, 0},
		{"an account as a number", checkpoint(provider(`{"region":"eu-west-1","allowedAccountIds":"[11122223333]"}`), owned(table, "orders", `"inputs":{"name":"orders"},`+byProvider)),
			[]tables.Entry{made(table, "aws 011122223333 eu-west-1 orders")}, 0},
		{"a session of a role", checkpoint(provider(`{"region":"eu-west-1","assumeRole":"{\"roleArn\":\"arn:aws:sts::111122223333:assumed-role/deploy/ci\"}"}`), owned(table, "orders", `"inputs":{"name":"orders"},`+byProvider)),
			[]tables.Entry{made(table, "aws 111122223333 eu-west-1 orders")}, 0},
		{"a role that is no ARN", checkpoint(provider(`{"region":"eu-west-1","assumeRole":"{\"roleArn\":\"xxx:aws:iam::111122223333:role/x\"}"}`), owned(table, "orders", `"inputs":{"name":"orders"},`+byProvider)),
			[]tables.Entry{made(table, "aws ? eu-west-1 orders")}, 0},
		{"a role that is not known, and a key", checkpoint(provider(`{"region":"eu-west-1","accessKey":"ASIAY34FZKBOKMUTVV7A","assumeRole":`+secret+`}`), owned(table, "orders", `"inputs":{"name":"orders"},`+byProvider)),
			[]tables.Entry{made(table, "aws ? eu-west-1 orders")}, 0},
		{"a secret that is shown", checkpoint(provider(`{"region":`+shown(`\"eu-west-1\"`)+`,"allowedAccountIds":`+shown(`[\"111122223333\"]`)+`}`), owned(table, "orders", `"inputs":{"name":"orders"},`+byProvider)),
			[]tables.Entry{made(table, "? ? ? orders")}, 0},
		{"a secret name that is shown", checkpoint(owned(table, "orders", `"inputs":{"name":`+shown(`\"orders\"`)+`},"outputs":{"name":"orders"}`)), nil, 1},
		{"all inputs a secret that is shown", checkpoint(owned(table, "orders", `"inputs":`+shown(`{}`)+`,"outputs":{"name":"orders"}`)), nil, 1},
		{"the account of a stand-in", checkpoint(provider(`{"region":"eu-west-1","allowedAccountIds":["000000000000"]}`), owned(table, "orders", `"inputs":{"name":"orders"},`+byProvider)),
			[]tables.Entry{made(table, "aws ? eu-west-1 orders")}, 0},
		{"what is no account and no region", checkpoint(provider(`{"region":"europe","allowedAccountIds":["1"]}`), owned(table, "orders", `"inputs":{"name":"orders"},`+byProvider)),
			[]tables.Entry{made(table, "? ? ? orders")}, 0},
		{"a name that is not known", checkpoint(owned(table, "orders", `"inputs":{"name":"04da6b54-80e4-46f7-96ec-b56ff0331ba9"},"outputs":{}`)),
			[]tables.Entry{entry(table, "? ? ? id-orders")}, 0},
		{"malformed URNs", checkpoint(
			`{"urn":"urn:pulumi:dev::shop::orders","type":"`+table+`",`+arn+`}`,
			`{"urn":"urn:other:dev::shop::`+table+`::orders","type":"`+table+`",`+arn+`}`,
			`{"urn":"urn:pulumi:::shop::`+table+`::orders","type":"`+table+`",`+arn+`}`,
			`{"urn":"urn:pulumi:dev::::`+table+`::orders","type":"`+table+`",`+arn+`}`,
			`{"type":"`+table+`",`+arn+`}`,
		), nil, 0},
		{"in LocalStack", checkpoint(owned(table, "orders", `"outputs":{"arn":"arn:aws:dynamodb:us-east-1:000000000000:table/orders"}`)),
			[]tables.Entry{entry(table, "aws ? us-east-1 orders")}, 0},
		{"in Europe's own partition", checkpoint(owned(table, "orders", `"inputs":{"name":"orders","region":"eusc-de-east-1"}`)),
			[]tables.Entry{entry(table, "aws-eusc ? eusc-de-east-1 orders")}, 0},
		{"in an isolated region", checkpoint(owned(table, "orders", `"inputs":{"name":"orders","region":"us-iso-east-1"}`)),
			[]tables.Entry{entry(table, "aws-iso ? us-iso-east-1 orders")}, 0},
		{"in another isolated region", checkpoint(owned(table, "orders", `"inputs":{"name":"orders","region":"us-isob-east-1"}`)),
			[]tables.Entry{entry(table, "aws-iso-b ? us-isob-east-1 orders")}, 0},
		{"in Europe's isolated region", checkpoint(owned(table, "orders", `"inputs":{"name":"orders","region":"eu-isoe-west-1"}`)),
			[]tables.Entry{entry(table, "aws-iso-e ? eu-isoe-west-1 orders")}, 0},
		{"in the newest isolated region", checkpoint(owned(table, "orders", `"inputs":{"name":"orders","region":"us-isof-south-1"}`)),
			[]tables.Entry{entry(table, "aws-iso-f ? us-isof-south-1 orders")}, 0},
		{"its own region", checkpoint(owned(table, "orders", `"inputs":{"name":"orders","region":"us-gov-east-1"}`)),
			[]tables.Entry{entry(table, "aws-us-gov ? us-gov-east-1 orders")}, 0},
		{"replicas the program asked for", checkpoint(owned(table, "orders", `"inputs":{"replicas":[{"regionName":"eu-west-1"},{"regionName":"us-east-1"}]},"outputs":{"arn":"arn:aws:dynamodb:us-east-1:111122223333:table/orders","replicas":[{"regionName":"ap-south-1"}]}`)),
			[]tables.Entry{entry(table, "aws 111122223333 us-east-1 orders"), entry(table, "aws 111122223333 eu-west-1 orders")}, 0},
		{"a replica by its ARN", checkpoint(owned(replica, "orders", `"inputs":{"globalTableArn":"arn:aws:dynamodb:us-east-1:111122223333:table/orders"},"outputs":{"arn":"arn:aws:dynamodb:eu-west-1:111122223333:table/orders"}`)),
			[]tables.Entry{entry(replica, "aws 111122223333 eu-west-1 orders")}, 0},
		{"a replica by its table's", checkpoint(provider(`{"region":"eu-west-1"}`), owned(replica, "orders", `"inputs":{"globalTableArn":"arn:aws:dynamodb:us-east-1:111122223333:table/orders"},`+byProvider)),
			[]tables.Entry{made(replica, "aws 111122223333 eu-west-1 orders")}, 0},
		{"aws-native", checkpoint(owned(nativeTable, "orders", `"inputs":{"tableName":"orders"},"outputs":{"arn":"arn:aws:dynamodb:us-east-1:111122223333:table/orders"}`)),
			[]tables.Entry{entry(nativeTable, "aws 111122223333 us-east-1 orders")}, 0},
		{"aws-native across regions", checkpoint(owned(nativeWorld, "orders", `"inputs":{"tableName":"orders","replicas":[{"region":"us-east-1"},{"region":"eu-west-1"}]},"outputs":{"arn":"arn:aws:dynamodb:us-east-1:111122223333:table/orders"}`)),
			[]tables.Entry{entry(nativeWorld, "aws 111122223333 us-east-1 orders"), entry(nativeWorld, "aws 111122223333 eu-west-1 orders")}, 0},
		{"only its id", checkpoint(owned(table, "orders", `"outputs":{}`)),
			[]tables.Entry{entry(table, "? ? ? id-orders")}, 0},
		{"read, not owned", checkpoint(owned(table, "orders", `"external":true,`+arn)), nil, 0},
		{"to be deleted", checkpoint(owned(table, "orders", `"delete":true,`+arn)),
			[]tables.Entry{pending(entry(table, "aws 111122223333 us-east-1 orders"), tables.PendingDeletion)}, 0},
		{"replaced, and to be deleted", checkpoint(owned(table, "orders", `"delete":true,`+arn), owned(table, "orders", arn)),
			[]tables.Entry{entry(table, "aws 111122223333 us-east-1 orders")}, 0},
		{"a secret, and to be deleted", checkpoint(owned(table, "orders", `"delete":true,"inputs":{"name":`+secret+`}`)), nil, 0},
		{"being created", `{"version":3,"checkpoint":{"latest":{"resources":[],"pending_operations":[{"type":"creating","resource":` +
			owned(table, "orders", `"inputs":{"name":"orders"}`) + `}]}}}`,
			[]tables.Entry{pending(entry(table, "? ? ? orders"), tables.PendingCreation)}, 0},
		{"deleted, to be created again", checkpoint(owned(table, "orders", `"pendingReplacement":true,`+arn)),
			[]tables.Entry{entry(table, "aws 111122223333 us-east-1 orders")}, 0},
		{"a secret name", checkpoint(owned(table, "orders", `"inputs":{"name":`+secret+`},"outputs":{"name":"orders"}`)), nil, 1},
		{"all inputs a secret", checkpoint(owned(table, "orders", `"inputs":`+secret+`,"outputs":{}`)), nil, 1},
		{"all outputs a secret", checkpoint(owned(table, "orders", `"inputs":{"name":"orders"},"outputs":`+secret)), nil, 1},
		{"a secret ARN", checkpoint(owned(table, "orders", `"inputs":{"name":"orders"},"outputs":{"arn":`+secret+`}`)), nil, 1},
		{"a secret replica", checkpoint(owned(table, "orders", `"inputs":{"name":"orders","replicas":[{"regionName":`+secret+`}]}`)), nil, 1},
		{"a secret elsewhere", checkpoint(owned(table, "orders", `"inputs":{"hashKey":`+secret+`},`+arn)),
			[]tables.Entry{entry(table, "aws 111122223333 us-east-1 orders")}, 0},
		{"the global table of 2017", checkpoint(owned("aws:dynamodb/globalTable:GlobalTable", "orders", `"outputs":{"name":"orders"}`)), nil, 0},
		{"something else of the name", checkpoint(owned("aws:iam/rolePolicy:RolePolicy", "orders", `"inputs":{"policy":"{\"Action\":\"dynamodb:*\"}"}`)), nil, 0},
		{"never deployed", `{"version":3,"checkpoint":{"stack":"organization/shop/dev","latest":null}}`, nil, 0},
		{"initialised only", `{"version":3,"checkpoint":{"stack":"organization/shop/dev"}}`, nil, 0},
		{"no resources", `{"version":4,"features":[],"checkpoint":{"latest":{"resources":null}}}`, nil, 0},
	} {
		for name, got := range map[string]func() (tables.StateTables, error){
			"at once": func() (tables.StateTables, error) { return facts.ReadTables(strings.NewReader(c.state), "acme") },
			"byte by byte": func() (tables.StateTables, error) {
				return facts.ReadTables(iotest.OneByteReader(strings.NewReader(c.state)), "acme")
			},
		} {
			found, err := got()
			if err != nil {
				t.Errorf("%s, %s: %v", c.name, name, err)
			}
			if diff := cmp.Diff(tables.StateTables{Entries: c.want, Secret: c.secret}, found); diff != "" {
				t.Errorf("%s, %s (-want +got):\n%s", c.name, name, diff)
			}
		}
	}
}

// TestReadTablesMemory: what is kept of a state is bounded, however many tables it has and whatever they are called.
func TestReadTablesMemory(t *testing.T) {
	replicas := owned(table, "orders", `"inputs":{"replicas":[`+strings.Repeat(`{"regionName":"a"},`, 9_999)+`{"regionName":"a"}]}`)
	name := owned(table, strings.Repeat("x", 3<<20), `"inputs":{}`)
	for text, want := range map[string]string{
		strings.Repeat(replicas+",", 20) + replicas: "<nil>",
		strings.Repeat(replicas+",", 30) + replicas: "its tables take more than 64 MB of memory",
		strings.Repeat(name+",", 11) + name:         "its tables take more than 64 MB of memory",
	} {
		found, err := facts.ReadTables(strings.NewReader(checkpoint(text)), "acme")
		if fmt.Sprint(err) != want || (err == nil) != (len(found.Entries) > 0) {
			t.Errorf("%s... of %d MB: %d tables, %v", text[:80], len(text)>>20, len(found.Entries), err)
		}
	}
}

func TestReadTablesErrors(t *testing.T) {
	good := checkpoint(owned(table, "orders", `"outputs":{"name":"orders"}`))
	for text, want := range map[string]string{
		"":                                 "not a state: it ends after 0 bytes, in the middle",
		"[]":                               `not a state: byte 0 is '[', not the start of an object`,
		"{}":                               "not a state: it has neither a checkpoint nor a deployment",
		`{"checkpoint":{}}`:                "not a state: the checkpoint has neither a stack nor a latest deployment",
		`{"checkpoint":null}`:              "not a state: byte 14 is 'n', not the start of an object",
		`{"deployment":{"resources":"x"}}`: "not a state: resources is not a list",
		`{"version":5}`:                    "not a state: version 5 is newer than 4, the newest this version of dynamoguard reads; update it",
		good + "x":                         fmt.Sprintf("not a state: byte %d is 'x', not the end", len(good)),
		good[:len(good)-1]:                 fmt.Sprintf("not a state: it ends after %d bytes, in the middle", len(good)-1),
		`{"checkpoint":{"a" 1}}`:           `not a state: byte 19 is '1', not a colon`,
		checkpoint(owned(table, "orders", `"inputs":"hidden"`)): "not a state: the resource that ends at byte 270 cannot be read",
	} {
		if _, err := facts.ReadTables(strings.NewReader(text), ""); err == nil || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", text, err, want)
		}
	}
	// Wherever a state is cut off, that is an error, and never a state with fewer tables.
	for i := range good {
		if _, err := facts.ReadTables(strings.NewReader(good[:i]), ""); err == nil {
			t.Errorf("no error for %q", good[:i])
		}
	}
	broken := errors.New("broken")
	if _, err := facts.ReadTables(iotest.ErrReader(broken), ""); !errors.Is(err, broken) {
		t.Errorf("the error of the reader is lost: %v", err)
	}
}

// state1MB is a state as the CLI writes it: indented, mostly not tables, with documents in strings.
func state1MB() string {
	var resources []string
	size := 0
	for i := 0; size < 1<<20; i++ {
		name := fmt.Sprintf("orders-%d", i)
		r := owned("aws:iam/rolePolicy:RolePolicy", name, `"inputs":{"__defaults":["name"],"name":"`+name+`","role":"role-`+name+`","policy":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[\"dynamodb:GetItem\",\"dynamodb:PutItem\"],\"Resource\":\"arn:aws:dynamodb:us-east-1:111122223333:table/`+name+`\"}]}"},
                "outputs": {
                    "id": "role-orders:policy-1a2b3c4",
                    "namePrefix": "",
                    "policy": "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[\"dynamodb:GetItem\",\"dynamodb:PutItem\"]}]}"
                },
                "parent": "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev",
                "dependencies": [
                    "urn:pulumi:dev::shop::aws:dynamodb/table:Table::orders",
                    "urn:pulumi:dev::shop::aws:iam/role:Role::orders"
                ],
                "created": "2026-11-22T12:00:00Z",
                "modified": "2026-11-22T12:00:00Z"`)
		if i%20 == 0 {
			r = owned(table, name, `"inputs":{"name":"`+name+`"},"outputs":{"arn":"arn:aws:dynamodb:us-east-1:111122223333:table/`+name+`","name":"`+name+`"}`)
		}
		resources = append(resources, r)
		size += len(r)
	}
	return checkpoint(resources...)
}

func BenchmarkReadTables(b *testing.B) {
	state := state1MB()
	b.SetBytes(int64(len(state)))
	b.ReportAllocs()
	for b.Loop() {
		found, err := facts.ReadTables(strings.NewReader(state), "acme")
		if err != nil || len(found.Entries) < 20 {
			b.Fatal(len(found.Entries), err)
		}
	}
}

func FuzzReadTables(f *testing.F) {
	f.Add(checkpoint(owned(table, "orders", `"outputs":{"name":"orders"}`)))
	f.Add(`{"deployment":{"resources":[{"type":"aws:dynamodb/table:Table","inputs":{"name":` + secret + `}}]}}`)
	f.Fuzz(func(t *testing.T, text string) {
		whole, err := facts.ReadTables(strings.NewReader(text), "")
		pieces, err2 := facts.ReadTables(iotest.OneByteReader(strings.NewReader(text)), "")
		if (err == nil) != (err2 == nil) || err == nil && !cmp.Equal(whole, pieces) {
			t.Errorf("%q: %v %v, in pieces %v %v", text, whole, err, pieces, err2)
		}
	})
}

// TestReadPlaces tells where the providers of a stack make what they make, by principals of the state, beside its tables.
func TestReadPlaces(t *testing.T) {
	of := func(provider string) string {
		return `"provider":"urn:pulumi:dev::shop::pulumi:providers:aws::` + provider + `::1"`
	}
	arn := func(text string) string { return `"outputs":{"arn":"` + text + `"},` }
	found, err := facts.ReadPlaces(strings.NewReader(checkpoint(
		owned("pulumi:pulumi:Stack", "shop-dev", `"custom":false`),
		owned("aws:iam/role:Role", "a", arn("arn:aws:iam::111122223333:role/a")+of("p")),
		owned("aws:iam/user:User", "again", arn("arn:aws:iam::111122223333:user/again")+of("p")),
		owned("aws:iam/policy:Policy", "c", arn("arn:aws-cn:iam::444455556666:policy/c")+of("q")),
		owned("aws-native:iam:Group", "native", arn("arn:aws:iam::777788889999:group/native")+of("n")),
		owned("aws:iam/role:Role", "read", `"external":true,`+arn("arn:aws:iam::999999999999:role/read")+of("p")),
		owned("aws:iam/role:Role", "hidden", `"outputs":{"arn":`+secret+`},`+of("p")),
		owned("aws:iam/policy:Policy", "managed", arn("arn:aws:iam::aws:policy/managed")+of("p")),
		owned("aws:iam/role:Role", "none", arn("none")+of("p")),
		owned("aws:iam/role:Role", "alone", `"outputs":{"arn":"arn:aws:iam::111122223333:role/alone"}`),
		owned("aws:s3/bucket:Bucket", "b", arn("arn:aws:s3:::b")+of("p")),
		owned(table, "orders", `"inputs":{"name":"orders"},"outputs":{"arn":"arn:aws:dynamodb:eu-west-1:111122223333:table/orders"}`),
	)), "acme")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]tables.Entry{entry(table, "aws 111122223333 eu-west-1 orders")}, found.Entries); diff != "" {
		t.Errorf("tables (-want +got):\n%s", diff)
	}
	place := func(partition, account, provider string) tables.Entry {
		e := tables.Entry{Partition: partition, Account: account, Organization: "acme", Project: "shop", Stack: "dev"}
		if provider != "" {
			e.Provider = "urn:pulumi:dev::shop::pulumi:providers:aws::" + provider
		}
		return e
	}
	want := []tables.Entry{
		place("", "", ""), place("aws", "111122223333", "p"), place("aws-cn", "444455556666", "q"), place("aws", "777788889999", "n"),
	}
	if diff := cmp.Diff(want, found.Made); diff != "" {
		t.Errorf("places (-want +got):\n%s", diff)
	}
}
