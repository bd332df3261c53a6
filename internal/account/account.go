// Package account finds out, without asking AWS, which account credentials belong to. It reads what the AWS SDK would
// read, through functions it is given. What it returns says where it looked, and holds nothing of a credential.
package account

import (
	"encoding/base32"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
)

// An Answer is an account, or why it cannot be told.
type Answer struct {
	ID   string // 12 digits; empty where it cannot be told
	From string // what says so, or what was found in its place; fit to be shown
	// StandIn: requests go to something else than AWS, such as LocalStack.
	StandIn bool
}

// StandIn is the account that stand-ins for AWS, such as LocalStack, are in. It says nothing: everybody's is the same.
//
// Source: https://docs.localstack.cloud/aws/capabilities/config/credentials/
const StandIn = "000000000000"

// OfKey returns the account that an access key ID belongs to. Keys issued since 2019 hold it: of the 80 bits that follow
// the prefix in base 32, the first is set, and the next 40 are the account. In older keys the first is not set, and
// nothing tells their account.
//
// Sources: https://medium.com/@TalBeerySec/a-short-note-on-aws-key-id-f88cc4317489 and
// https://labs.withsecure.com/publications/a-bitwise-analysis-of-aws-access-key-identifiers.html
func OfKey(id string) (account string, ok bool) {
	if len(id) != 20 || id[:4] != "AKIA" && id[:4] != "ASIA" {
		return "", false
	}
	bits, err := base32.StdEncoding.DecodeString(id[4:])
	if err != nil || bits[0]&0x80 == 0 {
		return "", false
	}
	n := uint64(0)
	for _, b := range bits[:6] {
		n = n<<8 | uint64(b)
	}
	n = n >> 7 & (1<<40 - 1)
	if n == 0 || n >= 1e12 {
		return "", false
	}
	return fmt.Sprintf("%012d", n), true
}

// Known is an account of AWS, which has 12 digits, and empty for what is none: a stand-in's as well.
func Known(id string) string {
	if len(id) != 12 || id == StandIn || strings.Trim(id, "0123456789") != "" {
		return ""
	}
	return id
}

// OfRole returns the account of a role, arn:<partition>:iam::<account>:role/<name>, or of a session of one, which is of sts;
// empty where it cannot be told.
func OfRole(arn string) string {
	p := strings.SplitN(arn, ":", 6)
	if len(p) != 6 || p[0] != "arn" || p[2] != "iam" && p[2] != "sts" {
		return ""
	}
	return Known(p[4])
}

// Sources are what the AWS SDK reads credentials from.
type Sources struct {
	Getenv func(string) string
	// ReadFile reads a file. One that is not there or that may not be read is none to the SDK either; of any other error
	// nobody knows what the SDK makes, so that it leaves the account open.
	ReadFile func(string) ([]byte, error)
	Home     string // folder that holds .aws
}

// Ambient returns the account of the credentials that the AWS SDK finds where a provider names none, in the order of the
// SDK: the access key of the environment, its role with a web identity token, then the profile.
//
// Source: https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
func (s Sources) Ambient() Answer {
	if answer := s.standIn(); answer.StandIn {
		return answer
	}
	if key := s.Getenv("AWS_ACCESS_KEY_ID"); key != "" {
		if id, ok := OfKey(key); ok {
			return Answer{ID: id, From: "AWS_ACCESS_KEY_ID"}
		}
		return Answer{From: "AWS_ACCESS_KEY_ID is of a kind that does not tell its account"}
	}
	if s.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE") != "" {
		if id := OfRole(s.Getenv("AWS_ROLE_ARN")); id != "" {
			return Answer{ID: id, From: "AWS_ROLE_ARN"}
		}
	}
	for _, name := range []string{"AWS_PROFILE", "AWS_DEFAULT_PROFILE"} {
		if profile := s.Getenv(name); profile != "" {
			return s.Profile(profile)
		}
	}
	answer := s.Profile("default")
	if _, err := s.profile("default"); answer.ID == "" && err == nil {
		answer.From = "neither the environment nor a default profile names an account"
	}
	return answer
}

// standIn says whether the environment leads to something else than AWS.
func (s Sources) standIn() Answer {
	if name := s.StandIn("DYNAMODB"); name != "" {
		return Answer{From: name + " leads to something else than AWS", StandIn: true}
	}
	return Answer{}
}

// StandIn returns the variable by which the environment leads requests for a service, such as DYNAMODB or STS, to something
// else than AWS; empty where none does. That of the service goes before that of all.
//
// Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
func (s Sources) StandIn(service string) string {
	if s.Getenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") == "true" {
		return ""
	}
	for _, name := range []string{"AWS_ENDPOINT_URL_" + service, "AWS_ENDPOINT_URL"} {
		switch endpoint := s.Getenv(name); {
		case endpoint == "":
		case IsAWS(endpoint):
			return ""
		default:
			return name
		}
	}
	return ""
}

// awsHost is the host of an endpoint of AWS itself:
//
//	<service>[-fips][.<region>].<suffix>             dynamodb-fips.us-east-1.amazonaws.com, iam.amazonaws.com
//	<account>.ddb.<region>.<suffix>                  of an account
//	vpce-<id>.<service>.<region>.vpce.<suffix>       of a VPC
//
// What customers run in AWS has other names: ec2-198-51-100-1.compute-1.amazonaws.com.
//
// Sources: https://docs.aws.amazon.com/general/latest/gr/ddb.html,
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/privatelink-interface-endpoints.html and, for the suffixes,
// https://github.com/aws/aws-sdk-go-v2/blob/main/internal/endpoints/awsrulesfn/partitions.json
var awsHost = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([0-9]{12}\.|vpce-[0-9a-z-]+\.)?[a-z0-9-]+(\.global|\.us-gov|\.[a-z]+(-[a-z]+)+-[0-9]+)?(\.vpce)?\.(` +
		`amazonaws\.com|api\.aws|amazonaws\.com\.cn|api\.amazonwebservices\.com\.cn|amazonaws\.eu|api\.amazonwebservices\.eu|` +
		`c2s\.ic\.gov|api\.aws\.ic\.gov|sc2s\.sgov\.gov|api\.aws\.scloud|cloud\.adc-e\.uk|api\.cloud-aws\.adc-e\.uk|` +
		`csp\.hci\.ic\.gov|api\.aws\.hci\.ic\.gov)$`)
})

// IsAWS reports whether an endpoint, a URL or a host, is one of AWS itself, and so no stand-in.
func IsAWS(endpoint string) bool {
	if !strings.Contains(endpoint, "://") {
		endpoint = "https://" + endpoint
	}
	u, err := url.Parse(endpoint)
	return err == nil && awsHost().MatchString(strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")))
}

// Profile returns the account of a profile of the shared AWS configuration. Where it has two sources of credentials that
// SDKs choose between in different ways, it cannot be told.
//
// Source: https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
func (s Sources) Profile(name string) Answer {
	if answer := s.standIn(); answer.StandIn {
		return answer
	}
	p, err := s.profile(name)
	from := "the AWS profile " + quote(name)
	if err != nil {
		return Answer{From: fmt.Sprintf("%s cannot be read: %v", from, err)}
	}
	if p == nil {
		return Answer{From: from + " was not found"}
	}
	key, sourced := p["aws_access_key_id"], p["source_profile"] != ""
	if p["role_arn"] != "" && key != "" && !sourced {
		return Answer{From: from + " has a role and an access key, and does not say whether one is for the other"}
	}
	// A role counts where something says what to assume it with.
	if sourced || p["credential_source"] != "" || p["web_identity_token_file"] != "" {
		if id := OfRole(p["role_arn"]); id != "" {
			return Answer{ID: id, From: from + ", role_arn"}
		}
	}
	if key != "" {
		if p["aws_secret_access_key"] == "" {
			return Answer{From: from + " has an access key without its secret"}
		}
		if id, ok := OfKey(key); ok {
			return Answer{ID: id, From: from + ", aws_access_key_id"}
		}
		return Answer{From: from + " has an access key of a kind that does not tell its account"}
	}
	if p["sso_account_id"] != "" && p["credential_process"] != "" {
		return Answer{From: from + " has a credential_process beside its sso_account_id"}
	}
	if id := Known(p["sso_account_id"]); id != "" {
		return Answer{ID: id, From: from + ", sso_account_id"}
	}
	return Answer{From: from + " names no account"}
}

// quote writes a name as a message shows it, and no more of it than anybody reads.
func quote(name string) string {
	const most = 64
	if len(name) <= most {
		return fmt.Sprintf("%q", name)
	}
	return fmt.Sprintf("%.*q...", most, name)
}

// profile joins what the two shared files say of a profile, nil where neither knows it. The credentials file has the say.
// The error names the first of them that cannot be read, without its path.
func (s Sources) profile(name string) (found map[string]string, err error) {
	read := func(variable, file string, sections ...string) {
		path := s.Getenv(variable)
		if path == "" {
			path = filepath.Join(s.Home, ".aws", file)
		} else if rest, ok := strings.CutPrefix(path, "~/"); ok {
			path = filepath.Join(s.Home, rest)
		}
		data, readErr := s.ReadFile(path)
		if readErr != nil {
			if err == nil && !errors.Is(readErr, fs.ErrNotExist) && !errors.Is(readErr, fs.ErrPermission) {
				err = unreadable(file, readErr)
			}
			return
		}
		for _, section := range sections {
			for key, value := range settings(string(data), section) {
				if found == nil {
					found = map[string]string{}
				}
				found[key] = value
			}
		}
	}
	if name == "default" {
		read("AWS_CONFIG_FILE", "config", "default", "profile default")
	} else {
		read("AWS_CONFIG_FILE", "config", "profile "+name)
	}
	read("AWS_SHARED_CREDENTIALS_FILE", "credentials", name)
	return found, err
}

// unreadable is the error that a shared file cannot be read with.
func unreadable(file string, err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		err = pathError.Err
	}
	return fmt.Errorf("%s: %w", file, err)
}

// settings reads one section of an INI file. Nested settings, which are indented, are none of ours.
func settings(text, section string) map[string]string {
	found := map[string]string{}
	inside := false
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || trimmed[0] == '#' || trimmed[0] == ';' {
			continue
		}
		if trimmed[0] == '[' {
			title, _, _ := strings.Cut(trimmed[1:], "]")
			inside = strings.Join(strings.Fields(title), " ") == section
			continue
		}
		key, value, ok := strings.Cut(trimmed, "=")
		if inside && ok && line[0] != ' ' && line[0] != '\t' {
			value, _, _ = strings.Cut(value, " #")
			value, _, _ = strings.Cut(value, " ;")
			found[strings.ToLower(strings.TrimSpace(key))] = strings.TrimSpace(value)
		}
	}
	return found
}

// Region returns the region that the AWS SDK finds where nothing names one; empty where it finds none. Profiles are looked
// up in the shared files only where these are the ones in use.
//
// Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html
func (s Sources) Region(profile string, shared bool) string {
	for _, name := range []string{"AWS_REGION", "AWS_DEFAULT_REGION"} {
		if region := s.Getenv(name); region != "" {
			return region
		}
	}
	if !shared {
		return ""
	}
	for _, name := range []string{profile, s.Getenv("AWS_PROFILE"), s.Getenv("AWS_DEFAULT_PROFILE"), "default"} {
		if name != "" {
			p, err := s.profile(name)
			if err != nil {
				return ""
			}
			return p["region"]
		}
	}
	return ""
}
