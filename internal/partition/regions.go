package partition

import (
	"strconv"
	"strings"
)

// regions are the regions by the name without the number, and the highest number there is.
//
// Sources: https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html, and for the other partitions
// https://github.com/boto/botocore/blob/develop/botocore/data/partitions.json
var regions = map[string]int{
	"af-south": 1, "ap-east": 2, "ap-northeast": 3, "ap-south": 2, "ap-southeast": 7, "ca-central": 1, "ca-west": 1, "eu-central": 2, "eu-north": 1,
	"eu-south": 2, "eu-west": 3, "il-central": 1, "me-central": 1, "me-south": 1, "mx-central": 1, "sa-east": 1, "us-east": 2, "us-west": 2,
	"cn-north": 1, "cn-northwest": 1, "us-gov-east": 1, "us-gov-west": 1, "us-iso-east": 1, "us-iso-west": 1, "us-isob-east": 1, "us-isob-west": 1,
	"eu-isoe-west": 1, "us-isof-east": 1, "us-isof-south": 1, "eusc-de-east": 1,
}

// directions are the words that say where in its area a region is.
var directions = []string{"north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest", "central"}

// ahead is how much higher than the highest number that is known the next one of a region may be: ap-southeast-7 was there
// before ap-southeast-6.
const ahead = 2

// IsRegion reports whether there is a region of the name, or may be one to come: the next of a known name (eu-west-4), or the
// first in another direction or area (eu-east-1, nz-north-1). A Local Zone of a region (us-west-2-lax-1) is none of its own,
// and let pass.
func IsRegion(name string) bool {
	if last := strings.LastIndexByte(name, '-'); last > 0 && last == len(name)-2 && '1' <= name[last+1] && int(name[last+1]-'0') <= regions[name[:last]] {
		return true // nearly all of them
	}
	words := strings.Split(name, "-")
	for last := 2; last < len(words); last++ {
		number, err := strconv.Atoi(words[last])
		if err != nil || words[last][0] < '1' { // a sign, or a zero
			continue
		}
		highest, rest := regions[strings.Join(words[:last], "-")], words[last+1:]
		return mayBegin(words[:last]) && number <= highest+ahead && (len(rest) == 0 || len(rest) == 2 && number <= highest && letters(rest[0]) && rest[1] != "")
	}
	return false
}

// mayBegin reports whether a region may come to be called so: an area and a direction.
func mayBegin(words []string) bool {
	direction := words[len(words)-1]
	for _, d := range directions {
		if d == direction {
			return len(words) == 2 && len(words[0]) == 2 && letters(words[0]) || len(words) == 3 && partitioned(words[:2])
		}
	}
	return false
}

// partitioned reports whether an area of two words is one of a partition that has such: us-gov, eusc-de.
func partitioned(words []string) bool {
	if words[0] == "eusc" {
		return len(words[1]) == 2 && letters(words[1])
	}
	area := words[0] + "-" + words[1] + "-"
	for _, p := range partitions {
		if p.prefix == area {
			return true
		}
	}
	return false
}

func letters(s string) bool { return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz") == "" }

// Regions are the names of the regions that are known, in no order.
func Regions() (names []string) {
	for stem, highest := range regions {
		for number := range highest {
			names = append(names, stem+"-"+strconv.Itoa(number+1))
		}
	}
	return names
}
