// Package partition knows the partitions of AWS: what their names are, and which regions belong to each.
package partition

import "strings"

// partitions are the partitions by how the names of their regions begin, and what the names of their hosts end with.
//
// Source: https://github.com/aws/aws-sdk-go-v2/blob/main/internal/endpoints/awsrulesfn/partitions.json
var partitions = []struct{ prefix, name, suffix string }{
	{"cn-", "aws-cn", "amazonaws.com.cn"},
	{"us-gov-", "aws-us-gov", "amazonaws.com"},
	{"us-iso-", "aws-iso", "c2s.ic.gov"},
	{"us-isob-", "aws-iso-b", "sc2s.sgov.gov"},
	{"eu-isoe-", "aws-iso-e", "cloud.adc-e.uk"},
	{"us-isof-", "aws-iso-f", "csp.hci.ic.gov"},
	{"eusc-", "aws-eusc", "amazonaws.eu"},
	{"", "aws", "amazonaws.com"}, // every other region
}

// Of is the partition that a region belongs to, empty where the region is.
func Of(region string) string {
	if region == "" {
		return ""
	}
	for _, p := range partitions {
		if strings.HasPrefix(region, p.prefix) {
			return p.name
		}
	}
	return ""
}

// DNSSuffix is what the names of the hosts of a partition end with, empty where the partition is not known.
func DNSSuffix(name string) string {
	for _, p := range partitions {
		if p.name == name {
			return p.suffix
		}
	}
	return ""
}

// Is reports whether there is a partition of the name.
func Is(name string) bool { return DNSSuffix(name) != "" }

// Names are the names of all partitions, that of most regions first.
func Names() []string {
	names := make([]string, 0, len(partitions))
	for i := len(partitions) - 1; i >= 0; i-- {
		names = append(names, partitions[i].name)
	}
	return names
}
