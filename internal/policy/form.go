package policy

import (
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"

	"dynamoguard/internal/glob"
	"dynamoguard/internal/tables"
)

// A form is what a text in the configuration must look like, so that it can mean something.
type form struct {
	pattern string              // a regular expression of Go and of JSON schemas alike, which finds it in good texts
	refused func(s string) bool // what no pattern can say, of texts that match it; nil where there is nothing
	words   string              // what is said of a bad one
	hidden  bool                // a bad one is not shown: it may well be a secret
}

// forms are those that tags name. A text without one must not be blank.
var forms = map[string]form{
	"":    {pattern: `\S`},
	"any": {},

	"account": {
		pattern: `^[0-9]{12}$`, refused: func(s string) bool { return strings.Trim(s, "0") == "" },
		words: "is not the 12 digits of an account",
	},

	// Names of organizations, projects and stacks hold neither slashes nor blanks. A pattern without a slash is taken for one of
	// stacks only where it begins with the star that stands for their projects: prod* matches projects.
	//
	// Source: https://www.pulumi.com/docs/iac/concepts/stacks/#stack-naming
	"stacks": {
		pattern: `^([A-Za-z0-9_.*?-]+(/[A-Za-z0-9_.*?-]+){1,2}|\*[A-Za-z0-9_.*?-]*)$`,
		words:   "is not project/stack or organization/project/stack, with * and ? as wildcards, such as shop/prod or */prod*",
	},

	// "*" and "?" would be taken for letters.
	"environment": {pattern: `^[^*?]*[^*?\s][^*?]*$`, words: "is not the name of an environment"},

	"resources":  {pattern: trimmed, refused: noResources, words: resourceWords},
	"tag":        {pattern: `^[^=]+(=.*)?$`, words: "is neither the key of a tag nor key=value, with * and ? as wildcards"},
	"principals": {pattern: trimmed, refused: isARN, words: resourceWords},

	"key": {
		pattern: `^(arn|[*?])\S*$`, refused: func(s string) bool { return !glob.Overlap(s, "arn:*:kms:*:*:*/*") },
		words: "is not the ARN of a KMS key, with * and ? as wildcards",
	},

	// DynamoDB takes an alias as well, and shows the key.
	"one key": {
		pattern: `^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$`, words: "is not the ARN of one KMS key (arn:aws:kms:region:account:key/id)",
	},

	// Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
	"table name": {
		pattern: `^([A-Za-z0-9_.*?-]|\{(project|stack|environment)\})+$`, refused: noTableName,
		words: "is not a pattern of names of 3 to 255 letters, digits, _, . and -, with {project}, {stack}, {environment}, * and ?",
	},

	"day": {
		pattern: `^[0-9]{4}-[0-9]{2}-[0-9]{2}(T\S+)?$`,
		refused: func(s string) bool { _, err := (Exemption{Expires: s}).End(); return err != nil },
		words:   "is not a date such as 2027-01-31",
	},

	// A presigned URL is a secret. A path of either system will do wherever the configuration is read; whether it is one of the
	// machine it is used on, who opens it must see.
	"source": {
		pattern: `^(none$|https://[^/?#]|/|[A-Za-z]:[\\/]|\\\\)`,
		refused: func(s string) bool { return s != NoSource && !isFile(s) && !isURL(s) }, hidden: true,
		words: "is not the absolute path of a file, an https URL or none",
	},
	"sha256": {pattern: `^[0-9A-Fa-f]{64}$`, words: "is not 64 hexadecimal digits"},
	"public key": {
		pattern: `^MCowBQYDK2VwAyEA[A-Za-z0-9+/]{43}=$`,
		refused: func(s string) bool { _, err := tables.ParsePublicKey(s); return err != nil },
		words:   "is not an ed25519 public key, such as openssl pkey -pubout writes between its first line and its last",
		hidden:  true,
	},

	// Of those that net/http writes by itself none can be chosen.
	//
	// Source: https://www.rfc-editor.org/rfc/rfc9110#name-tokens, https://pkg.go.dev/net/http#Request.Write
	"header": {
		pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
		refused: func(s string) bool {
			return slices.Contains([]string{"connection", "content-length", "host", "trailer", "transfer-encoding"}, strings.ToLower(s))
		},
		words: "is not the name of a header that can be chosen",
	},
	"variable": {
		pattern: `^[A-Za-z_][A-Za-z0-9_]*$`, words: "does not name an environment variable", hidden: true,
	},
}

// trimmed are texts of one line that neither begin nor end with a blank, nor are empty.
const trimmed = `^\S(.*\S)?$`

const resourceWords = "is neither a URN (urn:pulumi:stack::project::type::name) nor a logical name, with * and ? as wildcards"

// formOf is the form that a tag names.
func formOf(tag reflect.StructTag) form {
	f, ok := forms[tag.Get("form")]
	if !ok {
		panic("policy: no such form: " + string(tag))
	}
	return f
}

// wrong reports whether a text is a bad one.
func (f form) wrong(s string) bool {
	return !regexp.MustCompile(f.pattern).MatchString(s) || f.refused != nil && f.refused(s)
}

// noResources reports whether a pattern is meant for URNs, and there are none that it matches. A logical name may be anything,
// an ARN too where a program makes it of one.
func noResources(pattern string) bool {
	return strings.HasPrefix(pattern, "urn:") && !glob.Overlap(pattern, "urn:pulumi:?*::?*::?*::?*")
}

// isARN is noResources of what nobody names by an ARN.
func isARN(pattern string) bool { return strings.HasPrefix(pattern, "arn:") || noResources(pattern) }

// isFile reports whether a source is a path that can be one of a file: not of a folder, by what it ends in.
func isFile(source string) bool {
	last := source[strings.LastIndexAny(source, `/\:`)+1:]
	return !strings.HasPrefix(source, "https:") && strings.TrimSpace(last) == last && strings.Trim(last, ".") != ""
}

// isURL reports whether a source is a URL with a host.
func isURL(source string) bool {
	u, err := url.Parse(source)
	return err == nil && u.Scheme == "https" && u.Hostname() != ""
}

var placeholder = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\{[a-z]+\}`) })

// noTableName reports whether a pattern is shorter or longer than any name of a table. A placeholder is a letter at least.
func noTableName(pattern string) bool {
	pattern = placeholder().ReplaceAllString(pattern, "?*")
	least := len(pattern) - strings.Count(pattern, "*")
	return least > 255 || least < 3 && !strings.Contains(pattern, "*")
}
