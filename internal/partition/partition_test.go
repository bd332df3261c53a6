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

func TestIsRegion(t *testing.T) {
	for _, name := range partition.Regions() {
		if !partition.IsRegion(name) {
			t.Errorf("%q is no region", name)
		}
	}
	for name, want := range map[string]bool{
		"us-east-1": true, "ap-southeast-7": true, "us-gov-west-1": true, "eusc-de-east-1": true,
		// To come: the next ones, other directions, other areas.
		"eu-west-4": true, "eu-west-5": true, "eu-west-6": false, "us-east-11": false, "eu-east-1": true, "eu-east-3": false, "nz-north-1": true,
		"us-gov-central-1": true, "eusc-fr-west-1": true, "eusc-fra-west-1": false, "eusc-f1-west-1": false, "us-xyz-east-1": false, "nzl-north-1": false, "n1-north-1": false,
		// Misspelt, or of others.
		"us-est-1": false, "us-east": false, "us-east-": false, "us-east-0": false, "us-east-01": false, "us-east-+1": false, "US-EAST-1": false, "useast1": false, "us-east-1a": false,
		"us-gov-est-1": false, "europe-west4": false, "europe-west-1": false, "east-1": false, "local": false, "": false, "eu-middle-1": false, "a-b-c-d-1": false, "us-gov-x-east-1": false, "5": false,
		// Local Zones.
		"us-west-2-lax-1": true, "us-east-1-wl1-bos": false, "us-east-1-dfw": false, "us-east-1-dfw-": false, "us-east-3-dfw-1": false, "us-east-1-df2-1": false,
		"us-east-1-dfw-1-x": false, "us-east-1--1": false,
	} {
		if got := partition.IsRegion(name); got != want {
			t.Errorf("%q: %t, want %t", name, got, want)
		}
	}
}
