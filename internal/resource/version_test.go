package resource

import "testing"

func TestProviderVersion(t *testing.T) {
	provider := func(name string, version Value) *Provider {
		return &Provider{Name: name, Properties: ObjectValue(map[string]Value{"version": version})}
	}
	for what, c := range map[string]struct {
		provider *Provider
		version  Version
		major    int
	}{
		"no provider":                 {nil, "", 0},
		"declared, no version":        {provider("eu", Value{}), "", 0},
		"declared":                    {provider("eu", StringValue("7.40.0")), "7.40.0", 7},
		"pre-release":                 {provider("eu", StringValue("8.0.0-alpha.1+build.5")), "8.0.0-alpha.1+build.5", 8},
		"two digits":                  {provider("eu", StringValue("10.0.0")), "10.0.0", 10},
		"inputs before name":          {provider("default_6_83_4", StringValue("7.40.0")), "7.40.0", 7},
		"unreadable, name":            {provider("default_6_83_4", StringValue("latest")), "6.83.4", 6},
		"unreadable":                  {provider("eu", StringValue("7")), "", 0},
		"unknown":                     {provider("eu", UnknownValue()), "", 0},
		"number":                      {provider("eu", NumberValue(7)), "", 0},
		"secret":                      {provider("eu", StringValue("7.40.0").AsSecret()), "", 0},
		"out of range":                {provider("eu", StringValue("99999999999999999999.0.0")), "99999999999999999999.0.0", 0},
		"default":                     {provider("default", Value{}), "", 0},
		"default and version":         {provider("default_7_1_0", Value{}), "7.1.0", 7},
		"default and pre-release":     {provider("default_7_0_0_alpha_1", Value{}), "7.0.0", 7},
		"default and URL":             {provider("default_7_1_0_https___example.com_plugins", Value{}), "7.1.0", 7},
		"default and URL, no version": {provider("default_https___example.com_7_1_0", Value{}), "", 0},
		"default and too little":      {provider("default_7_1", Value{}), "", 0},
		"default and too much":        {provider("default_7_1_0alpha", Value{}), "", 0},
		"a name that ends like one":   {provider("my_default_7_1_0", Value{}), "", 0},
		"nothing":                     {&Provider{}, "", 0},
	} {
		t.Run(what, func(t *testing.T) {
			version := c.provider.Version()
			if version != c.version || version.Major() != c.major {
				t.Errorf("got %q, major %d; want %q, major %d", version, version.Major(), c.version, c.major)
			}
		})
	}
}
