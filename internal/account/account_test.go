package account_test

import (
	"cmp"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"dynamoguard/internal/account"
)

// The new keys and their accounts were published; AKIAIOSFODNN7EXAMPLE is the old key of AWS's own documentation.
func TestOfKey(t *testing.T) {
	for key, want := range map[string]string{
		"ASIAY34FZKBOKMUTVV7A":  "609629065308",
		"ASIAQNZGKIQY56JQ7WML":  "029608264753",
		"AKIASP2TPHJSQH3FJRUX":  "171436882533",
		"AKIAIOSFODNN7EXAMPLE":  "",
		"AROAY34FZKBOKMUTVV7A":  "", // a role, no key
		"ASIAY34FZKBOKMUTVV7":   "",
		"ASIAY34FZKBOKMUTVV7AA": "",
		"ASIAY34FZKBOKMUTVV71":  "", // no base 32
		"ASIA7777777777777777":  "", // more than 12 digits
		"ASIAQAAAAAAAAAAAAAAA":  "", // 000000000000, a stand-in's
		"test":                  "",
		"":                      "",
	} {
		got, ok := account.OfKey(key)
		if got != want || ok != (want != "") {
			t.Errorf("%q is of %q (%v), not %q", key, got, ok, want)
		}
	}
}

func TestOfRole(t *testing.T) {
	for arn, want := range map[string]string{
		"arn:aws:iam::111122223333:role/deploy":           "111122223333",
		"arn:aws-cn:iam::111122223333:role/path/deploy":   "111122223333",
		"arn:aws:sts::111122223333:assumed-role/deploy/s": "111122223333",
		"arn:aws:iam::000000000000:role/deploy":           "", // a stand-in's
		"arn:aws:iam::1:role/deploy":                      "",
		"arn:aws:iam::${accountId}:role/deploy":           "",
		"arn:aws:iam::${account1}:role/deploy":            "", // as long as one
		"arn:aws:s3:::111122223333":                       "",
		"arn:aws:s3::111122223333:role/deploy":            "",
		"xxx:aws:iam::111122223333:role/deploy":           "",
		"deploy":                                          "",
		"":                                                "",
	} {
		if got := account.OfRole(arn); got != want {
			t.Errorf("%q is of %q, not %q", arn, got, want)
		}
	}
}

const config = `
# the teams
; sso_account_id = 123412341234
[default]
; region = us-west-2
region = eu-central-1
[profile web]
role_arn = arn:aws:iam::111122223333:role/web
web_identity_token_file = /token
[ profile  chained ]
role_arn = arn:aws:iam::444455556666:role/deploy # the last one counts
source_profile = base
aws_access_key_id = ASIAY34FZKBOKMUTVV7A
[profile sourceless]
role_arn = arn:aws:iam::444455556666:role/deploy
[profile sso]
sso_session = work
sso_account_id = 777788889999 ; of the team
region = eu-west-1
s3 =
  sso_account_id = 000000000000
[sso-session work]
sso_region = us-east-1
sso_account_id = 123412341234
[profile keys]
sso_account_id = 777788889999
[profile process]
credential_process = login
sso_account_id = 777788889999
[profile either]
role_arn = arn:aws:iam::444455556666:role/deploy
aws_access_key_id = ASIAY34FZKBOKMUTVV7A
aws_secret_access_key=hidden
[profile forged]
sso_account_id = ` + "\x1b" + `[31m1234567
[profile local]
role_arn = arn:aws:iam::000000000000:role/deploy
source_profile = base
`

const credentials = `[base]
aws_access_key_id=ASIAY34FZKBOKMUTVV7A
aws_secret_access_key=hidden
[keys]
aws_access_key_id = ASIAQNZGKIQY56JQ7WML
aws_secret_access_key=hidden
[old]
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
aws_secret_access_key=hidden
[half]
aws_access_key_id = ASIAQNZGKIQY56JQ7WML
`

func TestSources(t *testing.T) {
	const none = "neither the environment nor a default profile names an account"
	type vars = map[string]string
	for name, c := range map[string]struct {
		vars vars
		want account.Answer
	}{
		"nothing":            {vars{}, account.Answer{From: none}},
		"a key":              {vars{"AWS_ACCESS_KEY_ID": "ASIAY34FZKBOKMUTVV7A", "AWS_PROFILE": "web"}, account.Answer{ID: "609629065308", From: "AWS_ACCESS_KEY_ID"}},
		"an old key":         {vars{"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_PROFILE": "web"}, account.Answer{From: "AWS_ACCESS_KEY_ID is of a kind that does not tell its account"}},
		"a local stand-in":   {vars{"AWS_ACCESS_KEY_ID": "ASIAY34FZKBOKMUTVV7A", "AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}, account.Answer{From: "AWS_ENDPOINT_URL leads to something else than AWS", StandIn: true}},
		"a stand-in's":       {vars{"AWS_PROFILE": "web", "AWS_ENDPOINT_URL_DYNAMODB": "x"}, account.Answer{From: "AWS_ENDPOINT_URL_DYNAMODB leads to something else than AWS", StandIn: true}},
		"AWS's own endpoint": {vars{"AWS_ACCESS_KEY_ID": "ASIAY34FZKBOKMUTVV7A", "AWS_ENDPOINT_URL": "http://x", "AWS_ENDPOINT_URL_DYNAMODB": "https://dynamodb.us-east-1.amazonaws.com"}, account.Answer{ID: "609629065308", From: "AWS_ACCESS_KEY_ID"}},
		"not asked for":      {vars{"AWS_ACCESS_KEY_ID": "ASIAY34FZKBOKMUTVV7A", "AWS_ENDPOINT_URL": "http://x", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, account.Answer{ID: "609629065308", From: "AWS_ACCESS_KEY_ID"}},
		"of another service": {vars{"AWS_ACCESS_KEY_ID": "ASIAY34FZKBOKMUTVV7A", "AWS_ENDPOINT_URL_S3": "http://x"}, account.Answer{ID: "609629065308", From: "AWS_ACCESS_KEY_ID"}},
		"no digits":          {vars{"AWS_PROFILE": "forged"}, account.Answer{From: `the AWS profile "forged" names no account`}},
		"control characters": {vars{"AWS_PROFILE": "\x1b[2J\n"}, account.Answer{From: `the AWS profile "\x1b[2J\n" was not found`}},
		"a very long name":   {vars{"AWS_PROFILE": strings.Repeat("é", 1<<20)}, account.Answer{From: `the AWS profile "` + strings.Repeat("é", 64) + `"... was not found`}},
		"a stand-in's role":  {vars{"AWS_PROFILE": "local"}, account.Answer{From: `the AWS profile "local" names no account`}},
		"role or key":        {vars{"AWS_PROFILE": "either"}, account.Answer{From: `the AWS profile "either" has a role and an access key, and does not say whether one is for the other`}},
		"half a key":         {vars{"AWS_PROFILE": "half"}, account.Answer{From: `the AWS profile "half" has an access key without its secret`}},
		"sso or a process":   {vars{"AWS_PROFILE": "process"}, account.Answer{From: `the AWS profile "process" has a credential_process beside its sso_account_id`}},
		"a web identity":     {vars{"AWS_ROLE_ARN": "arn:aws:iam::111122223333:role/ci", "AWS_WEB_IDENTITY_TOKEN_FILE": "/token"}, account.Answer{ID: "111122223333", From: "AWS_ROLE_ARN"}},
		"a role without one": {vars{"AWS_ROLE_ARN": "arn:aws:iam::111122223333:role/ci"}, account.Answer{From: none}},
		"web":                {vars{"AWS_PROFILE": "web"}, account.Answer{ID: "111122223333", From: `the AWS profile "web", role_arn`}},
		"chained":            {vars{"AWS_PROFILE": "chained"}, account.Answer{ID: "444455556666", From: `the AWS profile "chained", role_arn`}},
		"sourceless":         {vars{"AWS_PROFILE": "sourceless"}, account.Answer{From: `the AWS profile "sourceless" names no account`}},
		"sso":                {vars{"AWS_DEFAULT_PROFILE": "sso"}, account.Answer{ID: "777788889999", From: `the AWS profile "sso", sso_account_id`}},
		"keys":               {vars{"AWS_PROFILE": "keys"}, account.Answer{ID: "029608264753", From: `the AWS profile "keys", aws_access_key_id`}},
		"base":               {vars{"AWS_PROFILE": "base"}, account.Answer{ID: "609629065308", From: `the AWS profile "base", aws_access_key_id`}},
		"old":                {vars{"AWS_PROFILE": "old"}, account.Answer{From: `the AWS profile "old" has an access key of a kind that does not tell its account`}},
		"no such profile":    {vars{"AWS_PROFILE": "lost"}, account.Answer{From: `the AWS profile "lost" was not found`}},
		"other files":        {vars{"AWS_PROFILE": "web", "AWS_CONFIG_FILE": "~/lost"}, account.Answer{From: `the AWS profile "web" was not found`}},
		"files of others":    {vars{"AWS_PROFILE": "web", "AWS_SHARED_CREDENTIALS_FILE": "~/forbidden"}, account.Answer{ID: "111122223333", From: `the AWS profile "web", role_arn`}},
		"a pipe":             {vars{"AWS_PROFILE": "web", "AWS_SHARED_CREDENTIALS_FILE": "~/pipe"}, account.Answer{From: `the AWS profile "web" cannot be read: credentials: is not a regular file`}},
		"a default pipe":     {vars{"AWS_CONFIG_FILE": "~/pipe"}, account.Answer{From: `the AWS profile "default" cannot be read: config: is not a regular file`}},
		"another default":    {vars{"AWS_SHARED_CREDENTIALS_FILE": "~/default"}, account.Answer{ID: "029608264753", From: `the AWS profile "default", aws_access_key_id`}},
	} {
		if got := sources(c.vars).Ambient(); got != c.want {
			t.Errorf("%s: %+v, not %+v", name, got, c.want)
		}
	}
}

// TestIsAWS: the hosts are those of AWS's pages and of the endpoint tests of its SDKs.
func TestIsAWS(t *testing.T) {
	for endpoint, want := range map[string]bool{
		"https://dynamodb.us-east-1.amazonaws.com":                                    true,
		"http://dynamodb.us-east-1.amazonaws.com:80/":                                 true,
		"HTTPS://DynamoDB.us-east-1.AMAZONAWS.com.":                                   true,
		"dynamodb.us-east-1.amazonaws.com":                                            true, // the CLI takes no URL without a scheme, the provider does
		"https://dynamodb-fips.us-gov-west-1.amazonaws.com":                           true,
		"https://dynamodb.us-east-1.api.aws":                                          true,
		"https://111122223333.ddb.us-east-1.amazonaws.com":                            true,
		"https://111122223333.ddb.us-east-1.api.aws":                                  true,
		"https://vpce-1a2b3c4d-5e6f.dynamodb.us-east-1.vpce.amazonaws.com":            true,
		"https://vpce-1a2b3c4d-5e6f-us-east-1a.dynamodb.us-east-1.vpce.amazonaws.com": true,
		"https://dynamodb.cn-north-1.amazonaws.com.cn":                                true,
		"https://dynamodb.cn-north-1.api.amazonwebservices.com.cn":                    true,
		"https://dynamodb.eusc-de-east-1.amazonaws.eu":                                true,
		"https://dynamodb.us-iso-east-1.c2s.ic.gov":                                   true,
		"https://iam.amazonaws.com":                                                   true,
		"https://iam.us-gov.amazonaws.com":                                            true,
		"https://sts.eu-west-1.amazonaws.com":                                         true,
		"":                                                                            false,
		"http://localhost:4566":                                                       false,
		"http://127.0.0.1:8000":                                                       false,
		"https://localhost.localstack.cloud:4566":                                     false,
		"http://dynamodb.us-east-1.localhost":                                         false,
		"http://ec2-198-51-100-1.compute-1.amazonaws.com:4566":                        false, // what a customer runs
		"http://ec2-198-51-100-1.eu-west-1.compute.amazonaws.com":                     false,
		"http://dynamodb-1.us-east-1.elb.amazonaws.com":                               false,
		"https://x1.execute-api.us-east-1.amazonaws.com":                              false,
		"https://dynamodb.us-east-1.amazonaws.com@localhost":                          false,
		"https://dynamodb.us-east-1.amazonaws.com.example.com":                        false,
		"https://localhost/dynamodb.us-east-1.amazonaws.com":                          false,
		"https://localhost#.us-east-1.amazonaws.com":                                  false,
		"https://dynamodb.us-east-1.xamazonaws.com":                                   false,
		"\x1b://": false,
	} {
		if got := account.IsAWS(endpoint); got != want {
			t.Errorf("%q: %v", endpoint, got)
		}
	}
}

func TestRegion(t *testing.T) {
	for _, c := range []struct {
		vars          map[string]string
		profile, want string
	}{
		{nil, "", "eu-central-1"},
		{nil, "sso", "eu-west-1"},
		{nil, "web", ""},
		{map[string]string{"AWS_PROFILE": "sso"}, "", "eu-west-1"},
		{map[string]string{"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-west-2"}, "sso", "us-east-1"},
		{map[string]string{"AWS_DEFAULT_REGION": "us-west-2"}, "", "us-west-2"},
		{map[string]string{"AWS_SHARED_CREDENTIALS_FILE": "~/pipe"}, "sso", ""}, // which may name another
	} {
		if got := sources(c.vars).Region("sso", false); got != c.vars["AWS_REGION"] && got != c.vars["AWS_DEFAULT_REGION"] {
			t.Errorf("%v, with other files: %q", c.vars, got)
		}
		if got := sources(c.vars).Region(c.profile, true); got != c.want {
			t.Errorf("%v %q: %q, not %q", c.vars, c.profile, got, c.want)
		}
	}
}

func sources(vars map[string]string) account.Sources {
	files := map[string]string{
		"/home/.aws/config": config, "/home/.aws/credentials": credentials,
		"/home/default": "[default]\naws_access_key_id = ASIAQNZGKIQY56JQ7WML\naws_secret_access_key = hidden\n",
	}
	errs := map[string]error{"/home/pipe": errors.New("is not a regular file"), "/home/forbidden": fs.ErrPermission}
	return account.Sources{
		Home:   "/home",
		Getenv: func(name string) string { return vars[name] },
		ReadFile: func(path string) ([]byte, error) {
			if text, ok := files[path]; ok {
				return []byte(text), nil
			}
			return nil, &fs.PathError{Op: "open", Path: path, Err: cmp.Or(errs[path], fs.ErrNotExist)}
		},
	}
}
