package resource

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// A Version is the semantic version of a provider, 7.40.0 or 8.0.0-alpha.1; empty where it is not known.
type Version string

// Major returns the major version, 0 where it is not known.
func (v Version) Major() int {
	major, _, _ := strings.Cut(string(v), ".")
	n, err := strconv.Atoi(major)
	if err != nil {
		return 0
	}
	return n
}

var (
	semantic = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+([-+][0-9A-Za-z.+-]+)?$`) })
	// The version in the name of a default provider, default_7_40_0. A pre-release, a build and the URL of the plugin may
	// follow, each after an underscore too, so what follows cannot be told apart and is left out.
	//
	// Source: ProviderRequest.DefaultName in github.com/pulumi/pulumi/pkg/v3/resource/deploy/providers/provider.go
	defaultName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^default_([0-9]+)_([0-9]+)_([0-9]+)(_|$)`) })
)

// Version returns the version of the provider that a program asks for: the engine writes it into the inputs (version), and
// into the name of a provider that the program does not declare. It is not known of no provider (nil), nor where the
// program asks for none.
func (p *Provider) Version() Version {
	if p == nil {
		return ""
	}
	input := p.Properties.Get("version")
	if text, _ := input.Text(); semantic().MatchString(text) && !input.Secret() {
		return Version(text)
	}
	if m := defaultName().FindStringSubmatch(p.Name); m != nil {
		return Version(strings.Join(m[1:4], "."))
	}
	return ""
}
