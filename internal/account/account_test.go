package account_test

import (
	"cmp"
	"errors"
	"io/fs"
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
		if got := sources(c.vars).Region(c.profile); got != c.want {
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
