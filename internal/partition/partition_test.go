package partition_test

import (
	"testing"

	"dynamoguard/internal/partition"
)

func TestOf(t *testing.T) {
	for region, want := range map[string]string{
		"": "", "us-east-1": "aws", "mx-central-1": "aws", "cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov",
		"us-iso-east-1": "aws-iso", "us-isob-east-1": "aws-iso-b", "eu-isoe-west-1": "aws-iso-e", "us-isof-south-1": "aws-iso-f",
		"eusc-de-east-1": "aws-eusc",
	} {
		if got := partition.Of(region); got != want {
			t.Errorf("%q is of %q, not %q", region, got, want)
		}
	}
}

func TestDNSSuffix(t *testing.T) {
	for name, want := range map[string]string{
		"": "", "aws-x": "", "aws": "amazonaws.com", "aws-cn": "amazonaws.com.cn", "aws-us-gov": "amazonaws.com",
		"aws-iso": "c2s.ic.gov", "aws-iso-b": "sc2s.sgov.gov", "aws-iso-e": "cloud.adc-e.uk", "aws-iso-f": "csp.hci.ic.gov",
		"aws-eusc": "amazonaws.eu",
	} {
		if got := partition.DNSSuffix(name); got != want {
			t.Errorf("hosts of %q end with %q, not %q", name, got, want)
		}
	}
}
