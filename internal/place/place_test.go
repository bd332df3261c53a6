package place_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"dynamoguard/internal/account"
	"dynamoguard/internal/place"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/tables"
)

const (
	unknown = `"04da6b54-80e4-46f7-96ec-b56ff0331ba9"`
	sig     = `"4dabf18193072939515e22adb298388d":"1b47061264138c4ac30d75fd1eb44270"`
)

// of is a table of a provider with inputs, a JSON object.
func of(t *testing.T, name, inputs string) *resource.Resource {
	t.Helper()
	v, ok := resource.DecodeJSON(inputs)
	if !ok {
		t.Fatal(inputs)
	}
	return &resource.Resource{
		URN:      "urn:pulumi:dev::shop::aws:dynamodb/table:Table::orders",
		Provider: &resource.Provider{URN: resource.URN("urn:pulumi:dev::shop::pulumi:providers:aws::" + name), Properties: v},
	}
}

// environment has variables, and a profile "web" of account 444455556666 in eu-central-1.
func environment(vars map[string]string) *account.Sources {
	return &account.Sources{
		Home:   "/home",
		Getenv: func(name string) string { return vars[name] },
		ReadFile: func(path string) ([]byte, error) {
			return []byte("[profile web]\nsso_account_id = 444455556666\nregion = eu-central-1\n"), nil
		},
	}
}

// key is an access key of account 609629065308.
const key = "ASIAY34FZKBOKMUTVV7A"

// TestAccountOfInputs: what the inputs of a provider tell, with nothing around it, as in a state.
func TestAccountOfInputs(t *testing.T) {
	role := func(id string) string { return `{"roleArn":"arn:aws:iam::` + id + `:role/deploy"}` }
	const its, ofKey, silent = "its provider", "the access key of its provider", "nothing names it"
	for name, c := range map[string]struct {
		inputs string
		want   tables.Part
	}{
		"nothing":                  {`{}`, tables.Part{From: silent}},
		"a role":                   {`{"assumeRole":` + role("111122223333") + `}`, tables.Part{Known: "111122223333", From: its}},
		"a role as text":           {`{"assumeRole":"{\"roleArn\":\"arn:aws-cn:iam::111122223333:role/deploy\"}"}`, tables.Part{Known: "111122223333", From: its}},
		"a session of a role":      {`{"assumeRole":{"roleArn":"arn:aws:sts::111122223333:assumed-role/deploy/ci"}}`, tables.Part{Known: "111122223333", From: its}},
		"the last of roles":        {`{"assumeRoles":[` + role("444455556666") + `,` + role("111122223333") + `]}`, tables.Part{Known: "111122223333", From: its}},
		"a web identity":           {`{"assumeRoleWithWebIdentity":` + role("111122223333") + `}`, tables.Part{Known: "111122223333", From: its}},
		"a role by web identity":   {`{"assumeRole":` + role("111122223333") + `,"assumeRoleWithWebIdentity":` + role("444455556666") + `}`, tables.Part{Known: "111122223333", From: its}},
		"one allowed":              {`{"allowedAccountIds":"[\"111122223333\"]"}`, tables.Part{Known: "111122223333", From: its}},
		"one allowed, twice":       {`{"allowedAccountIds":["111122223333","111122223333"]}`, tables.Part{Known: "111122223333", From: its}},
		"a number":                 {`{"allowedAccountIds":[11122223333]}`, tables.Part{Known: "011122223333", From: its}},
		"two allowed":              {`{"allowedAccountIds":["444455556666","111122223333"]}`, tables.Part{Among: []string{"111122223333", "444455556666"}, From: silent}},
		"one allowed is no text":   {`{"allowedAccountIds":["444455556666",true]}`, tables.Part{From: silent}},
		"a key":                    {`{"accessKey":"` + key + `"}`, tables.Part{Known: "609629065308", From: ofKey}},
		"an old key":               {`{"accessKey":"AKIAIOSFODNN7EXAMPLE"}`, tables.Part{From: "accessKey of its provider does not tell"}},
		"a role before a key":      {`{"assumeRole":` + role("111122223333") + `,"accessKey":"` + key + `"}`, tables.Part{Known: "111122223333", From: its}},
		"a role before a number":   {`{"assumeRole":` + role("111122223333") + `,"allowedAccountIds":[444455556666]}`, tables.Part{Known: "111122223333", From: its}},
		"no number":                {`{"allowedAccountIds":["x"]}`, tables.Part{From: silent}},
		"no ARN":                   {`{"assumeRole":{"roleArn":"xxx:aws:iam::111122223333:role/x"}}`, tables.Part{From: "assumeRole of its provider does not tell"}},
		"no account":               {`{"assumeRole":{"roleArn":"arn:aws:iam::1:role/x"}}`, tables.Part{From: "assumeRole of its provider does not tell"}},
		"a stand-in's role":        {`{"assumeRole":` + role("000000000000") + `}`, tables.Part{From: "assumeRole of its provider does not tell"}},
		"a role of Cloud Control":  {`{"roleArn":"arn:aws:iam::111122223333:role/deploy"}`, tables.Part{Known: "111122223333", From: its}},
		"a secret one of those":    {`{"roleArn":{` + sig + `,"value":"arn:aws:iam::111122223333:role/x"}}`, tables.Part{Known: "111122223333", From: its, Secret: true}},
		"aws-native's credentials": {`{"sharedCredentialsFile":"/x"}`, tables.Part{From: "sharedCredentialsFile of its provider does not tell"}},
		"what cannot be read":      {`{"assumeRole":"{","allowedAccountIds":7}`, tables.Part{From: "assumeRole of its provider does not tell"}},
		"endpoints":                {`{"endpoints":[{"dynamodb":"http://localhost"}]}`, tables.Part{From: "endpoints of its provider does not tell"}},
		"credentials":              {`{"sharedCredentialsFiles":["/x"]}`, tables.Part{From: "sharedCredentialsFiles of its provider does not tell"}},
		"a configuration":          {`{"sharedConfigFiles":["/x"]}`, tables.Part{From: "sharedConfigFiles of its provider does not tell"}},
		"a role not known yet":     {`{"assumeRole":{"roleArn":` + unknown + `},"accessKey":"` + key + `"}`, tables.Part{}},
		"an encrypted role":        {`{"assumeRole":{` + sig + `,"ciphertext":"x"},"accessKey":"` + key + `"}`, tables.Part{}},
		"a role, else not known":   {`{"assumeRole":` + role("111122223333") + `,"profile":` + unknown + `}`, tables.Part{Known: "111122223333", From: its}},
		"a secret role":            {`{"profile":` + unknown + `,"assumeRole":{` + sig + `,"value":` + role("111122223333") + `}}`, tables.Part{Known: "111122223333", From: its, Secret: true}},
		"a secret link":            {`{"assumeRoles":[{` + sig + `,"value":` + role("444455556666") + `},` + role("111122223333") + `]}`, tables.Part{Known: "111122223333", From: its, Secret: true}},
		"a secret number":          {`{"allowedAccountIds":[{` + sig + `,"value":"111122223333"}]}`, tables.Part{Known: "111122223333", From: its, Secret: true}},
		"a secret key":             {`{"accessKey":{` + sig + `,"value":"` + key + `"}}`, tables.Part{Known: "609629065308", From: ofKey, Secret: true}},
		"a secret old key":         {`{"accessKey":{` + sig + `,"value":"AKIAIOSFODNN7EXAMPLE"}}`, tables.Part{From: "accessKey of its provider does not tell"}},
		"secret JSON":              {`{"allowedAccountIds":{` + sig + `,"value":"[\"111122223333\"]"}}`, tables.Part{Known: "111122223333", From: its, Secret: true}},
		"a secret besides a role":  {`{"assumeRole":` + role("111122223333") + `,"profile":{` + sig + `,"value":"web"}}`, tables.Part{Known: "111122223333", From: its}},
		"a secret profile":         {`{"profile":{` + sig + `,"value":"web"}}`, tables.Part{From: "the profile of its provider", Secret: true}},
	} {
		got := place.Account(of(t, "p", c.inputs), place.Around{})
		if diff := cmp.Diff(c.want, got, cmpopts.IgnoreFields(tables.Part{}, "Like")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if got := place.Account(&resource.Resource{}, place.Around{}); !cmp.Equal(got, tables.Part{}) {
		t.Errorf("without a provider: %+v", got)
	}
}

// TestAlike: providers with the same inputs work in the same account, whichever it is.
func TestAlike(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{`{}`, `{"region":"eu-west-1","profile":""}`, true},
		{`{"profile":"web"}`, `{"profile":"ci"}`, false},
		{`{"allowedAccountIds":[111122223333, 444455556666]}`, `{"allowedAccountIds":"[\"444455556666\",\"111122223333\"]"}`, true},
		{`{"endpoints":[{"dynamodb":"a"}]}`, `{"endpoints":[{"dynamodb":"b"}]}`, false},
		{`{}`, `{"endpoints":[{"dynamodb":"https://dynamodb.us-east-1.amazonaws.com"}]}`, true},
		{`{"sharedCredentialsFiles":["a"]}`, `{"sharedCredentialsFiles":["b"]}`, false},
		{`{"sharedConfigFiles":["a"]}`, `{"sharedConfigFiles":["b"]}`, false},
		{`{"sharedCredentialsFile":"a"}`, `{"sharedCredentialsFile":"b"}`, false},
		{`{"accessKey":"a"}`, `{"accessKey":{` + sig + `,"value":"a"}}`, true},
		{`{"profile":` + unknown + `}`, `{"profile":` + unknown + `}`, false},
	} {
		a, b := place.Account(of(t, "a", c.a), place.Around{}), place.Account(of(t, "b", c.b), place.Around{})
		if (a.Like == b.Like) != c.same || a.Like == "" {
			t.Errorf("%s and %s: %q and %q", c.a, c.b, a.Like, b.Like)
		}
	}
	a, b := place.Account(of(t, "p", `{"profile":`+unknown+`}`), place.Around{}), place.Account(of(t, "p", `{"profile":`+unknown+`}`), place.Around{})
	if a.Like != b.Like {
		t.Errorf("one provider: %q and %q", a.Like, b.Like)
	}
	if like := place.Account(of(t, "p", `{"accessKey":"`+key+`"}`), place.Around{}).Like; strings.Contains(like, key) {
		t.Errorf("%s holds the key", like)
	}
}

// TestAccountOfSurroundings: what tells where the inputs do not.
func TestAccountOfSurroundings(t *testing.T) {
	const ambient, its = "AWS_ACCESS_KEY_ID", "the stack's own state"
	own := func(entries ...tables.Entry) func() []tables.Entry { return func() []tables.Entry { return entries } }
	made := func(provider, account string) tables.Entry {
		return tables.Entry{Provider: "urn:pulumi:dev::shop::pulumi:providers:aws::" + provider, Account: account}
	}
	keys := environment(map[string]string{"AWS_ACCESS_KEY_ID": key})
	old := environment(map[string]string{"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE"})
	const oldKey = "AWS_ACCESS_KEY_ID is of a kind that does not tell its account"
	standIn := environment(map[string]string{"AWS_ENDPOINT_URL": "http://localhost"})
	itself := tables.Entry{URN: "urn:pulumi:dev::shop::aws:dynamodb/table:Table::orders", Account: "111122223333"}
	another := tables.Entry{URN: "urn:pulumi:dev::shop::aws:dynamodb/table:Table::items", Account: "111122223333"}
	for name, c := range map[string]struct {
		inputs string
		around place.Around
		want   tables.Part
	}{
		"credentials":                {`{}`, place.Around{AWS: keys}, tables.Part{Known: "609629065308", From: ambient}},
		"a profile":                  {`{"profile":"web"}`, place.Around{AWS: keys}, tables.Part{Known: "444455556666", From: `the AWS profile "web", sso_account_id`}},
		"the state":                  {`{}`, place.Around{AWS: old, Own: own(made("default_7_0_0", "111122223333"))}, tables.Part{Known: "111122223333", From: its}},
		"the state twice":            {`{}`, place.Around{Own: own(made("default", "111122223333"), made("default", "111122223333"))}, tables.Part{Known: "111122223333", From: its}},
		"the state, two accounts":    {`{}`, place.Around{AWS: old, Own: own(made("default", "111122223333"), made("default", "444455556666"))}, tables.Part{From: oldKey}},
		"the state, no account":      {`{}`, place.Around{AWS: old, Own: own(made("default", ""))}, tables.Part{From: oldKey}},
		"the same provider":          {`{}`, place.Around{Own: own(made("other", "444455556666"), made("default", "111122223333"))}, tables.Part{Known: "111122223333", From: its}},
		"another provider":           {`{}`, place.Around{AWS: old, Own: own(made("other", "111122223333"))}, tables.Part{From: oldKey}},
		"the table itself":           {`{}`, place.Around{AWS: old, Own: own(itself)}, tables.Part{Known: "111122223333", From: its}},
		"another without a provider": {`{}`, place.Around{AWS: old, Own: own(another)}, tables.Part{From: oldKey}},
		"state and credentials agree": {`{}`, place.Around{AWS: keys, Own: own(made("default", "609629065308"))},
			tables.Part{Known: "609629065308", From: its}},
		"they do not": {`{}`, place.Around{AWS: keys, Own: own(made("default", "111122223333"))},
			tables.Part{From: "111122223333 by the stack's own state, 609629065308 by AWS_ACCESS_KEY_ID"}},
		"a profile before the state": {`{"profile":"web"}`, place.Around{AWS: keys, Own: own(made("default", "111122223333"))},
			tables.Part{Known: "444455556666", From: `the AWS profile "web", sso_account_id`}},
		"a stand-in": {`{}`, place.Around{AWS: standIn, Own: own(made("default", "111122223333"))},
			tables.Part{From: "AWS_ENDPOINT_URL leads to something else than AWS"}},
		"endpoints": {`{"endpoints":[{"dynamodb":"http://localhost"}]}`, place.Around{AWS: keys, Own: own(made("default", "111122223333"))},
			tables.Part{From: "endpoints of its provider does not tell"}},
		"endpoints of AWS": {`{"endpoints":[{"dynamodb":"https://dynamodb.us-east-1.amazonaws.com","s3":""}]}`, place.Around{AWS: keys},
			tables.Part{Known: "609629065308", From: ambient}},
		"credentials of its own": {`{"sharedCredentialsFiles":["x"]}`, place.Around{AWS: keys, Own: own(made("default", "111122223333"))},
			tables.Part{From: "sharedCredentialsFiles of its provider does not tell"}},
		"a secret profile": {`{"profile":{` + sig + `,"value":"web"}}`, place.Around{AWS: keys},
			tables.Part{Known: "444455556666", From: "the profile of its provider", Secret: true}},
	} {
		got := place.Account(of(t, "default_7_1_0", c.inputs), c.around)
		if diff := cmp.Diff(c.want, got, cmpopts.IgnoreFields(tables.Part{}, "Like")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestConfiguredAccount: the configured account holds where nothing else tells, and stands beside what tells another one.
func TestConfiguredAccount(t *testing.T) {
	const configured = "111122223333"
	const role = `"assumeRole":{"roleArn":"arn:aws:iam::444455556666:role/deploy"}`
	held := tables.Part{Known: configured, From: "dynamoguard.accounts"}
	against := func(id, from string) tables.Part { return tables.Part{Known: id, From: from, Configured: configured} }
	bound := func(p tables.Part) tables.Part { p.Bound = true; return p }
	made := func(account string) func() []tables.Entry {
		return func() []tables.Entry {
			return []tables.Entry{{Provider: "urn:pulumi:dev::shop::pulumi:providers:aws::default", Account: account}}
		}
	}
	old := environment(map[string]string{"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE"})
	keys := environment(map[string]string{"AWS_ACCESS_KEY_ID": key})
	local := environment(map[string]string{"AWS_ACCESS_KEY_ID": key, "AWS_ENDPOINT_URL": "http://localhost"})
	falseSTS := environment(map[string]string{"AWS_ENDPOINT_URL_STS": "http://localhost"})
	for name, c := range map[string]struct {
		inputs string
		aws    *account.Sources
		own    func() []tables.Entry
		want   tables.Part
	}{
		"nothing tells":            {`{}`, nil, nil, held},
		"an old key":               {`{}`, old, nil, held},
		"an old key of its own":    {`{"accessKey":"AKIAIOSFODNN7EXAMPLE"}`, keys, nil, held},
		"credentials of its own":   {`{"sharedCredentialsFiles":["x"]}`, keys, made("444455556666"), held},
		"configuration of its own": {`{"sharedConfigFiles":["x"]}`, keys, nil, held},
		"a stand-in":               {`{"endpoints":[{"dynamodb":"http://localhost"}]}`, keys, nil, held},
		"a stand-in around":        {`{}`, local, made("444455556666"), held},
		"a stand-in's number":      {`{"allowedAccountIds":["000000000000"]}`, keys, nil, held},
		"a lost profile":           {`{"profile":"lost"}`, keys, nil, held},
		"a secret lost profile":    {`{"profile":{` + sig + `,"value":"lost"}}`, keys, nil, held},
		"not known yet":            {`{"profile":` + unknown + `}`, keys, nil, held},
		"a role not known yet":     {`{"assumeRole":{"roleArn":` + unknown + `}}`, keys, nil, held},
		"no account":               {`{"allowedAccountIds":["x"]}`, nil, nil, held},
		"one of several":           {`{"allowedAccountIds":["111122223333","444455556666"]}`, nil, nil, held},
		"the same":                 {`{"allowedAccountIds":["111122223333"]}`, keys, nil, tables.Part{Known: configured, From: "its provider"}},
		"the same by the state":    {`{}`, old, made(configured), tables.Part{Known: configured, From: "the stack's own state"}},
		"other credentials":        {`{}`, keys, nil, against("609629065308", "AWS_ACCESS_KEY_ID")},
		"credentials, not state":   {`{}`, keys, made(configured), against("609629065308", "AWS_ACCESS_KEY_ID")},
		"another state":            {`{}`, old, made("444455556666"), against("444455556666", "the stack's own state")},
		"another profile":          {`{"profile":"web"}`, keys, nil, against("444455556666", `the AWS profile "web", sso_account_id`)},
		"another key":              {`{"accessKey":"` + key + `"}`, nil, nil, against("609629065308", "the access key of its provider")},
		"another role":             {`{` + role + `}`, keys, nil, bound(against("444455556666", "its provider"))},
		"another number":           {`{"allowedAccountIds":["444455556666"]}`, keys, nil, bound(against("444455556666", "its provider"))},
		"other numbers": {`{"allowedAccountIds":["444455556666","777788889999"]}`, nil, nil,
			bound(tables.Part{Among: []string{"444455556666", "777788889999"}, From: "nothing names it", Configured: configured})},
		"other credentials than allowed": {`{"allowedAccountIds":["111122223333","444455556666"]}`, keys, nil,
			tables.Part{Known: "609629065308", Among: []string{configured, "444455556666"}, From: "AWS_ACCESS_KEY_ID", Configured: configured}},
		"a role by a stand-in":    {`{` + role + `,"endpoints":[{"sts":"http://localhost"}]}`, keys, nil, against("444455556666", "its provider")},
		"a role by false STS":     {`{` + role + `}`, falseSTS, nil, against("444455556666", "its provider")},
		"a role by AWS's own STS": {`{` + role + `,"endpoints":[{"sts":"https://sts.us-east-1.amazonaws.com"}]}`, keys, nil, bound(against("444455556666", "its provider"))},
	} {
		got := place.Account(of(t, "default", c.inputs), place.Around{AWS: c.aws, Own: c.own, Configured: configured})
		if diff := cmp.Diff(c.want, got, cmpopts.IgnoreFields(tables.Part{}, "Like")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if got := place.Account(&resource.Resource{}, place.Around{Configured: configured}); !cmp.Equal(got, held) {
		t.Errorf("without a provider: %+v", got)
	}
}

func TestRegion(t *testing.T) {
	text := resource.StringValue
	around := func(v resource.Value) place.Around {
		return place.Around{Region: v, AWS: environment(map[string]string{"AWS_REGION": "ap-south-1"})}
	}
	const p = "provider urn:pulumi:dev::shop::pulumi:providers:aws::p"
	for name, c := range map[string]struct {
		own    resource.Value
		inputs string
		around place.Around
		want   tables.Part
	}{
		"its own":             {text("eu-west-1"), `{"region":"us-east-1"}`, around(text("us-west-2")), tables.Part{Known: "eu-west-1"}},
		"its own, a secret":   {text("eu-west-1").AsSecret(), `{}`, place.Around{}, tables.Part{Known: "eu-west-1", Secret: true}},
		"its own, not known":  {resource.UnknownValue(), `{"region":"us-east-1"}`, place.Around{}, tables.Part{}},
		"the provider's":      {text(""), `{"region":"us-east-1"}`, around(text("us-west-2")), tables.Part{Known: "us-east-1", Like: p}},
		"a secret provider's": {resource.Value{}, `{"region":{` + sig + `,"value":"us-east-1"}}`, place.Around{}, tables.Part{Known: "us-east-1", Secret: true, Like: p}},
		"an encrypted one":    {resource.Value{}, `{"region":{` + sig + `,"ciphertext":"x"}}`, place.Around{}, tables.Part{Secret: true, Like: p}},
		"the stack's":         {resource.Value{}, `{}`, around(text("us-west-2")), tables.Part{Known: "us-west-2", Like: "stack"}},
		"a secret stack's":    {resource.Value{}, `{}`, around(text("us-west-2").AsSecret()), tables.Part{Known: "us-west-2", Secret: true, Like: "stack"}},
		"of the environment":  {resource.Value{}, `{}`, around(resource.Value{}), tables.Part{Known: "ap-south-1", Like: "account"}},
		"of the profile":      {resource.Value{}, `{"profile":"web"}`, place.Around{AWS: environment(nil)}, tables.Part{Known: "eu-central-1", Like: "account"}},
		"of other files":      {resource.Value{}, `{"profile":"web","sharedConfigFiles":["x"]}`, place.Around{AWS: environment(nil)}, tables.Part{Like: "account"}},
		"of another file":     {resource.Value{}, `{"profile":"web","sharedCredentialsFile":"x"}`, place.Around{AWS: environment(nil)}, tables.Part{Like: "account"}},
		"of a profile to be":  {resource.Value{}, `{"profile":` + unknown + `}`, place.Around{AWS: environment(nil)}, tables.Part{Like: "account"}},
		"of nothing":          {resource.Value{}, `{}`, place.Around{}, tables.Part{Like: "account"}},
	} {
		if diff := cmp.Diff(c.want, place.Region(of(t, "p", c.inputs), c.own, tables.Part{Like: "account"}, c.around)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	ofNative := of(t, "p", `{}`)
	ofNative.Provider.Type = "pulumi:providers:aws-native"
	want := tables.Part{Known: "ap-south-1", Like: "account"}
	if got := place.Region(ofNative, resource.Value{}, tables.Part{Like: "account"}, around(text("us-west-2"))); !cmp.Equal(got, want) {
		t.Errorf("of aws-native, whose region is not the stack's aws:region: %+v", got)
	}
	if got := place.Region(&resource.Resource{}, resource.Value{}, tables.Part{}, around(resource.Value{})); !cmp.Equal(got, tables.Part{}) {
		t.Errorf("without a provider: %+v", got)
	}
}
