package foresight_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/internal/foresight"
	"dynamoguard/internal/resource"
)

var update = flag.Bool("update", false, "write testdata/values.txt and the page of what is foreseen")

var frankfurt = foresight.Place{Partition: "aws", Account: "123456789012", Region: "eu-central-1"}

// urn is that of a resource of a type.
func urn(typ string) resource.URN { return resource.URN("urn:pulumi:dev::shop::" + typ + "::orders") }

// creation is a resource of a type as a provider answers its creation in a preview: with its inputs, as JSON, and every output
// that is foreseen unknown.
func creation(t testing.TB, typ, inputs string) foresight.Resource {
	t.Helper()
	properties := map[string]resource.Value{}
	for _, o := range typeOf(t, typ).Outputs {
		properties[o.Property] = resource.UnknownValue()
	}
	var given map[string]any
	if err := json.Unmarshal([]byte(inputs), &given); err != nil {
		t.Fatalf("%s: %v", inputs, err)
	}
	for name, v := range given {
		properties[name] = resource.Decode(v)
	}
	return foresight.Resource{URN: urn(typ), Properties: resource.ObjectValue(properties)}
}

func typeOf(t testing.TB, typ string) foresight.Type {
	t.Helper()
	types := foresight.Types()
	i := slices.IndexFunc(types, func(known foresight.Type) bool { return known.Token == typ })
	if i < 0 {
		t.Fatalf("nothing is foreseen of %s", typ)
	}
	return types[i]
}

// shown is values one a line, with the marks of stand-ins and secrets.
func shown(values []foresight.Value) string {
	var b strings.Builder
	for _, v := range values {
		property := v.Property
		if property == "" {
			property = "id"
		}
		fmt.Fprintf(&b, "\t%s = %s", property, v.Text)
		if v.StandIn {
			b.WriteString(" (stand-in)")
		}
		if v.Secret {
			b.WriteString(" (secret)")
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// A sample is a type and inputs of a resource, as JSON. testdata/values.txt has one a line, before what is foreseen of it.
type sample struct{ typ, inputs string }

const samplesFile = "testdata/values.txt"

func samples(t testing.TB) (all []sample, file string) {
	t.Helper()
	data, err := os.ReadFile(samplesFile)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if !strings.HasPrefix(line, "\t") {
			typ, inputs, _ := strings.Cut(strings.TrimSpace(line), " ")
			all = append(all, sample{typ, inputs})
		}
	}
	return all, string(data)
}

// TestValues holds all that is foreseen of resources of every type to what a person has read: testdata/values.txt. A sample is
// added there by its first line, and completed by -update.
func TestValues(t *testing.T) {
	all, want := samples(t)
	var got strings.Builder
	missing := map[string]bool{}
	for _, typ := range foresight.Types() {
		missing[typ.Token] = true
	}
	for _, s := range all {
		delete(missing, s.typ)
		fmt.Fprintf(&got, "%s %s\n%s", s.typ, s.inputs, shown(foresight.Values(creation(t, s.typ, s.inputs), frankfurt, true)))
	}
	for typ := range missing {
		t.Errorf("%s has no %s", samplesFile, typ)
	}
	hold(t, samplesFile, want, got.String())
}

// hold holds a file to what it ought to be.
func hold(t *testing.T, file, current, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(current, want); diff != "" {
		t.Errorf("%s (-there +foreseen); go test ./internal/foresight -update writes it\n%s", file, diff)
	}
}

// TestPlace: what is foreseen follows the partition, the account and the region of the resource, or is not there.
func TestPlace(t *testing.T) {
	const queue, role, table = "aws:sqs/queue:Queue", "aws:iam/role:Role", "aws:dynamodb/table:Table"
	for name, c := range map[string]struct {
		typ, inputs string
		in          foresight.Place
		want        string
	}{
		"China": {queue, `{"name": "orders"}`, foresight.Place{Account: "123456789012", Region: "cn-north-1"}, `
	id = https://sqs.cn-north-1.amazonaws.com.cn/123456789012/orders
	arn = arn:aws-cn:sqs:cn-north-1:123456789012:orders
	url = https://sqs.cn-north-1.amazonaws.com.cn/123456789012/orders
`},
		"GovCloud": {queue, `{"name": "orders"}`, foresight.Place{Partition: "aws-us-gov", Account: "123456789012", Region: "us-gov-west-1"}, `
	id = https://sqs.us-gov-west-1.amazonaws.com/123456789012/orders
	arn = arn:aws-us-gov:sqs:us-gov-west-1:123456789012:orders
	url = https://sqs.us-gov-west-1.amazonaws.com/123456789012/orders
`},
		"an unknown partition": {queue, `{"name": "orders"}`, foresight.Place{Partition: "aws-x", Account: "123456789012", Region: "x-1"}, `
	arn = arn:aws-x:sqs:x-1:123456789012:orders
`},
		"global, by its provider's region": {role, `{"name": "app"}`, foresight.Place{Account: "123456789012", Region: "cn-north-1"}, `
	id = app
	arn = arn:aws-cn:iam::123456789012:role/app
	uniqueId = AROASWSYHOUYRDP6H5ZE6 (stand-in)
`},
		"global, no region": {role, `{"name": "app"}`, foresight.Place{Partition: "aws", Account: "123456789012"}, `
	id = app
	arn = arn:aws:iam::123456789012:role/app
	uniqueId = AROASWSYHOUYRDP6H5ZE6 (stand-in)
`},
		"own region": {
			table, `{"name": "orders", "region": "us-east-1"}`,
			frankfurt, "\n\tid = orders\n\tarn = arn:aws:dynamodb:us-east-1:123456789012:table/orders\n",
		},
		"empty region": {
			table, `{"name": "orders", "region": ""}`,
			frankfurt, "\n\tid = orders\n\tarn = arn:aws:dynamodb:eu-central-1:123456789012:table/orders\n",
		},
		"own region not known": {
			table, `{"name": "orders", "region": "04da6b54-80e4-46f7-96ec-b56ff0331ba9"}`,
			frankfurt, "\n\tid = orders\n",
		},
		"own region no text": {table, `{"name": "orders", "region": 1}`, frankfurt, "\n\tid = orders\n"},
		"no region": {
			table, `{"name": "orders"}`,
			foresight.Place{Partition: "aws", Account: "123456789012"}, "\n\tid = orders\n",
		},
		"no account": {table, `{"name": "orders"}`, foresight.Place{Region: "eu-central-1"}, "\n\tid = orders\n"},
		"nowhere":    {table, `{"name": "orders"}`, foresight.Place{}, "\n\tid = orders\n"},
	} {
		if diff := cmp.Diff(c.want, "\n"+shown(foresight.Values(creation(t, c.typ, c.inputs), c.in, true))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestInputs: nothing is made of what is not known, and what is made of a secret is one.
func TestInputs(t *testing.T) {
	const unknown = `"04da6b54-80e4-46f7-96ec-b56ff0331ba9"`
	secret := func(v string) string {
		return `{"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": ` + v + `}`
	}
	const role, table, key = "aws:iam/role:Role", "aws:dynamodb/table:Table", "aws:kms/key:Key"
	const (
		made      = "\tuniqueId = AROASWSYHOUYRDP6H5ZE6 (stand-in)\n"
		roleARN   = "\tarn = arn:aws:iam::123456789012:role/app"
		tableARN  = "\tarn = arn:aws:dynamodb:eu-central-1:123456789012:table/orders"
		lambdaARN = "\tarn = arn:aws:lambda:eu-central-1:123456789012:function:app"
		keyID     = "17b80939-809c-4c60-8c6f-03c78934fabd (stand-in)\n"
	)
	for name, c := range map[string]struct{ typ, inputs, want string }{
		"unknown name":         {role, `{"name": ` + unknown + `}`, made},
		"no name":              {role, `{"namePrefix": "app-"}`, made},
		"empty name":           {role, `{"name": ""}`, made},
		"null name":            {role, `{"name": null}`, made},
		"a number for a name":  {role, `{"name": 7}`, made},
		"an object for a name": {role, `{"name": {"a": "b"}}`, made},
		"unknown path":         {role, `{"name": "app", "path": ` + unknown + `}`, "\tid = app\n" + made},
		"empty path":           {role, `{"name": "app", "path": ""}`, "\tid = app\n" + roleARN + "\n" + made},
		"secret name":          {role, `{"name": ` + secret(`"app"`) + `}`, roleARN + " (secret)\n" + made},
		"secret unknown name":  {role, `{"name": ` + secret(unknown) + `}`, made},
		"secret path": {
			role, `{"name": "app", "path": ` + secret(`"/a/"`) + `}`,
			"\tid = app\n\tarn = arn:aws:iam::123456789012:role/a/app (secret)\n" + made,
		},
		"secret output": {
			role, `{"name": "app", "arn": ` + secret(unknown) + `}`,
			"\tid = app\n" + roleARN + " (secret)\n" + made,
		},
		"secret region": {
			table, `{"name": "orders", "region": ` + secret(`"us-east-1"`) + `}`,
			"\tid = orders\n\tarn = arn:aws:dynamodb:us-east-1:123456789012:table/orders (secret)\n",
		},
		"known output": {
			role, `{"name": "app", "arn": "arn:aws:iam::210987654321:role/app"}`,
			"\tid = app\n" + made,
		},
		"no such output": {role, `{"name": "app", "arn": null}`, "\tid = app\n" + made},
		"streams off": {
			table, `{"name": "orders", "streamEnabled": false}`,
			"\tid = orders\n" + tableARN + "\n",
		},
		"streams not known": {
			table, `{"name": "orders", "streamEnabled": ` + unknown + `}`,
			"\tid = orders\n" + tableARN + "\n",
		},
		"kind of key not known": {
			key, `{"multiRegion": ` + unknown + `}`,
			"\tid = " + keyID + "\tkeyId = " + keyID + "\tarn = arn:aws:kms:eu-central-1:123456789012:key/" + keyID,
		},
		"a replica of no ARN": {"aws:dynamodb/tableReplica:TableReplica", `{"globalTableArn": "orders"}`, ""},
		"a replica of half an ARN": {
			"aws:dynamodb/tableReplica:TableReplica", `{"globalTableArn": "arn:aws:dynamodb:::orders"}`,
			"\tarn = arn:aws:dynamodb:eu-central-1::orders\n",
		},
		"a function not known to be published": {
			"aws:lambda/function:Function", `{"name": "app", "publish": ` + unknown + `}`,
			"\tid = app\n" + lambdaARN + "\n",
		},
	} {
		if diff := cmp.Diff(c.want, shown(foresight.Values(creation(t, c.typ, c.inputs), frankfurt, true))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for _, properties := range []resource.Value{{}, resource.NullValue(), resource.StringValue("orders")} {
		if got := foresight.Values(foresight.Resource{URN: urn(role), Properties: properties}, frankfurt, true); got != nil {
			t.Errorf("of %v: %v", properties, got)
		}
	}
	for _, typ := range []string{"aws:ec2/instance:Instance", "pulumi:pulumi:Stack", "my:shop:Orders", ""} {
		if got := foresight.Values(foresight.Resource{URN: urn(typ), Properties: resource.UnknownValue()}, frankfurt, true); got != nil {
			t.Errorf("of %s: %v", typ, got)
		}
	}
}

// TestNothing: of no type is anything determined where none of what it is made of is known, and no id where all of it is secret;
// and where the place is not known there is no ARN, but one of another ARN.
func TestNothing(t *testing.T) {
	all, _ := samples(t)
	for _, s := range all {
		typ, sample := typeOf(t, s.typ), creation(t, s.typ, s.inputs)
		with := func(change func(resource.Value) resource.Value) foresight.Resource {
			properties := map[string]resource.Value{}
			for _, key := range sample.Properties.Keys() {
				properties[key] = sample.Properties.Get(key)
			}
			for _, read := range typ.Reads {
				properties[read] = change(properties[read])
			}
			return foresight.Resource{URN: sample.URN, Properties: resource.ObjectValue(properties)}
		}
		for what, change := range map[string]func(resource.Value) resource.Value{
			"unknown": func(resource.Value) resource.Value { return resource.UnknownValue() },
			"absent":  func(resource.Value) resource.Value { return resource.Value{} },
			"empty":   func(resource.Value) resource.Value { return resource.StringValue("") },
		} {
			for _, v := range foresight.Values(with(change), frankfurt, true) {
				if !v.StandIn {
					t.Errorf("%s, all %s: %+v", s.typ, what, v)
				}
			}
		}
		for _, v := range foresight.Values(with(resource.Value.AsSecret), frankfurt, true) {
			if !v.Secret && !v.StandIn || v.Secret && v.Property == "" {
				t.Errorf("%s, all secret: %+v", s.typ, v)
			}
		}
		for _, v := range foresight.Values(sample, foresight.Place{}, true) {
			if strings.HasPrefix(v.Text, "arn:") && !strings.Contains(s.inputs, v.Text) {
				t.Errorf("%s, nowhere: %+v", s.typ, v)
			}
		}
		for _, v := range foresight.Values(sample, frankfurt, false) {
			if v.StandIn {
				t.Errorf("%s, without stand-ins: %+v", s.typ, v)
			}
		}
	}
}

// TestStandIns: what is made up has the shape of what AWS makes up, is the same in every run, and differs between resources.
func TestStandIns(t *testing.T) {
	shapes := map[string]string{ // by type and output
		"aws:dynamodb/table:Table streamLabel":           `1970-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}`,
		"aws:iam/role:Role uniqueId":                     `AROA[A-Z2-7]{17}`,
		"aws:kms/key:Key keyId":                          `[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}|mrk-[0-9a-f]{32}`,
		"aws:secretsmanager/secret:Secret arn":           `arn:aws:secretsmanager:eu-central-1:123456789012:secret:orders-[A-Za-z0-9]{6}`,
		"aws:cognito/userPool:UserPool id":               `eu-central-1_[A-Za-z0-9]{9}`,
		"aws:cognito/userPoolClient:UserPoolClient id":   `[a-z0-9]{26}`,
		"aws:cognito/identityPool:IdentityPool id":       `eu-central-1:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`,
		"aws:apigateway/restApi:RestApi id":              `[a-z0-9]{10}`,
		"aws:ec2/vpcEndpoint:VpcEndpoint id":             `vpce-[0-9a-f]{17}`,
		"aws:cloudfront/distribution:Distribution id":    `E[A-Z2-7]{13}`,
		"aws:organizations/organization:Organization id": `o-[a-z0-9]{10}`,
	}
	all, _ := samples(t)
	seen := map[string]string{} // by text, the type
	for _, s := range all {
		r := creation(t, s.typ, s.inputs)
		values := foresight.Values(r, frankfurt, true)
		if diff := cmp.Diff(values, foresight.Values(r, frankfurt, true)); diff != "" {
			t.Errorf("%s, again:\n%s", s.typ, diff)
		}
		r.URN += "-archive"
		others := foresight.Values(r, frankfurt, true)
		for i, v := range values {
			if !v.StandIn {
				continue
			}
			if v.Text == others[i].Text {
				t.Errorf("%s: two have %s", s.typ, v.Text)
			}
			if typ, ok := seen[v.Text]; ok && typ != s.typ {
				t.Errorf("%s and %s: both have %s", typ, s.typ, v.Text)
			}
			seen[v.Text] = s.typ
			property := v.Property
			if property == "" {
				property = "id"
			}
			if shape, ok := shapes[s.typ+" "+property]; ok && !regexp.MustCompile(`^(`+shape+`)$`).MatchString(v.Text) {
				t.Errorf("%s %s: %s", s.typ, property, v.Text)
			}
		}
	}
	for at := range shapes {
		typ, property, _ := strings.Cut(at, " ")
		if !slices.ContainsFunc(typeOf(t, typ).Outputs, func(o foresight.Output) bool { return o.Property == property && o.StandIn }) {
			t.Errorf("there is no stand-in %s", at)
		}
	}
}

// FuzzValues: whatever a provider answers, what is foreseen has every part and no property twice.
func FuzzValues(f *testing.F) {
	all, _ := samples(f)
	for i, s := range all {
		f.Add(uint(i), "eu-central-1", "123456789012", s.inputs)
	}
	types := foresight.Types()
	f.Fuzz(func(t *testing.T, i uint, region, account, inputs string) {
		var given map[string]any
		if json.Unmarshal([]byte(inputs), &given) != nil {
			return
		}
		typ := types[i%uint(len(types))]
		properties := map[string]resource.Value{}
		for _, o := range typ.Outputs {
			properties[o.Property] = resource.UnknownValue()
		}
		for name, v := range given {
			properties[name] = resource.Decode(v)
		}
		r := foresight.Resource{URN: urn(typ.Token), Properties: resource.ObjectValue(properties)}
		in := foresight.Place{Region: region, Account: account}
		values := foresight.Values(r, in, true)
		if diff := cmp.Diff(values, foresight.Values(r, in, true)); diff != "" {
			t.Errorf("again:\n%s", diff)
		}
		properties["id"] = resource.Value{}
		had := map[string]bool{}
		for _, v := range values {
			if v.Text == "" || had[v.Property] || v.Property == "" && v.Secret {
				t.Errorf("%+v of %v", v, values)
			}
			if v.Property != "" && properties[v.Property].Kind() != resource.Unknown {
				t.Errorf("%+v, which is known", v)
			}
			had[v.Property] = true
		}
		for _, name := range foresight.Names(r, values) {
			told := func(v foresight.Value) bool { return !v.Secret && v.Text == name }
			if text, _ := properties[typ.Name].Text(); name == "" || name != text && !slices.ContainsFunc(values, told) {
				t.Errorf("named %q", name)
			}
		}
	})
}
