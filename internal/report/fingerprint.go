package report

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"strings"
	"sync"
)

// fingerprint tells a finding from others, in this report and in those of other runs. One in a statement of a policy document is told
// by the statement, and not by its place: another before it changes nothing, while a statement that grants something else is another.
func fingerprint(f *Finding, statement string) string {
	place := f.Path
	if statement != "" {
		document, _, _ := strings.Cut(f.Path, ".Statement")
		place = document + "\x00" + autoNamed().ReplaceAllString(canonical(statement), "$1") + "\x00" + f.Element
	}
	return digest(f.Policy, string(f.URN), place)
}

// autoNamed is the suffix that Pulumi gives a name which a program does not. Until the resource is created it is another one in each
// preview.
//
// Source: https://www.pulumi.com/docs/iac/concepts/resources/names/#autonaming
var autoNamed = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`-[0-9a-f]{7}(["/])`) })

// canonical is a statement without what a provider or AWS change when they store it: white space, and the order of members.
func canonical(statement string) string {
	var value any
	if json.Unmarshal([]byte(statement), &value) == nil {
		if text, err := json.Marshal(value); err == nil {
			return string(text)
		}
	}
	return statement
}

func digest(parts ...string) string {
	h := sha256.New()
	for _, part := range parts {
		_, _ = h.Write(append([]byte(part), 0))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
