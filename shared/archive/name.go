// Package archive is what stands in the archive's bucket: the objects' names, what is in them, and the head, which says which of them count. It decides nothing about when a day is
// closed; the function archive does. The surprising thing: no object but the head is ever changed, and what the head does not name does not exist for a reader, so that a crash leaves
// nothing but waste.
package archive

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/job"
)

// The objects' names begin with these. What the lifecycle of the bucket deletes after its time is below packs and files alone.
const (
	PacksPrefix  = "packs/"
	FilesPrefix  = "files/"
	ListsPrefix  = "lists/"
	ErasedPrefix = "erased/"
	// AnswersPrefix is where answers stand, which are reporting's and go by a lifecycle of their own.
	AnswersPrefix = "answers/"
	// MatchesPrefix is where what runs of segmentation ask stands, and who answers it how: people's ids, for a few days.
	MatchesPrefix = "matches/"
	// ColumnsPrefix is where the columns stand that runs of segmentation collect: people's ids and what they bought, for a few days.
	ColumnsPrefix = "columns/"
	headKey       = "head.json"
)

// PacksName is the name of an object that holds what an invocation was given. The same packs in whatever order have the same name.
func PacksName(a job.Archive) string {
	var lines []string
	for _, p := range a.Packs {
		lines = append(lines, fmt.Sprintf("%s %d %s", p.ProfileID, p.Day, digest(p.Body)))
	}
	for _, f := range a.Merges {
		lines = append(lines, f.ID)
	}
	slices.Sort(lines)
	return PacksPrefix + digest([]byte(strings.Join(lines, "\n")))
}

// FileName is the name of a file of a day and shard, by its bytes.
func FileName(day profile.Day, shard, shards int, raw []byte) string {
	return fmt.Sprintf("%s%s/%03dof%03d-%s", FilesPrefix, day, shard, shards, digest(raw))
}

// QuestionsName is the name of what a run of segmentation asks, and AnswersName of what a part of the people answers. A run is known by its id and by when it was planned: two that plan one at the same time ask
// the archive as each has found it, and one of them is the run.
func QuestionsName(run string, planned time.Time) string {
	return matches(run, planned) + "questions.json"
}

// AnswersName is QuestionsName's other side.
func AnswersName(run string, planned time.Time, part int) string {
	return fmt.Sprintf("%s%04d", matches(run, planned), part)
}

func matches(run string, planned time.Time) string { return MatchesPrefix + planning(run, planned) }

// ColumnsName is the name of a part of what a shard of a run of segmentation has collected.
func ColumnsName(run string, planned time.Time, shard, part int) string {
	return fmt.Sprintf("%s%s%05d-%05d", ColumnsPrefix, planning(run, planned), shard, part)
}

// planning is a folder's name for what a run of segmentation keeps.
func planning(run string, planned time.Time) string {
	return digest(fmt.Appendf(nil, "%s %d", run, planned.UnixNano())) + "/"
}

// ErasureName is the name of an object that says who was erased.
func ErasureName(raw []byte) string { return ErasedPrefix + digest(raw) }

// digest names bytes. Half of a SHA-256 is enough that nobody finds two of one name.
func digest(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:16])
}

// Gather makes one of what came in several messages, each pack once, in an order that does not depend on theirs.
func Gather(jobs []job.Archive) (all job.Archive) {
	for _, j := range jobs {
		all.Packs, all.Merges = append(all.Packs, j.Packs...), append(all.Merges, j.Merges...)
	}
	byPack := func(a, b job.Pack) int {
		return cmp.Or(cmp.Compare(a.ProfileID, b.ProfileID), cmp.Compare(a.Day, b.Day), slices.Compare(a.Body, b.Body))
	}
	slices.SortFunc(all.Packs, byPack)
	all.Packs = slices.CompactFunc(all.Packs, func(a, b job.Pack) bool { return byPack(a, b) == 0 })
	slices.SortFunc(all.Merges, func(a, b job.Follow) int { return cmp.Compare(a.ID, b.ID) })
	all.Merges = slices.CompactFunc(all.Merges, func(a, b job.Follow) bool { return a.ID == b.ID })
	return all
}

// divideDays is how many days an object reaches into at most before it is divided.
const divideDays = 100

// Divide makes several of what reaches into many days, each of divideDays at most, so that files of one can be made in one go: an import of years comes in few messages, and a file is made for each of its days.
// What reaches into fewer days is left as it is.
func Divide(all job.Archive) []job.Archive {
	byDay := map[profile.Day][]job.Pack{}
	for _, p := range all.Packs {
		byDay[p.Day] = append(byDay[p.Day], p)
	}
	if len(byDay) <= divideDays {
		return []job.Archive{all}
	}
	several := []job.Archive{}
	for days := range slices.Chunk(slices.Sorted(maps.Keys(byDay)), divideDays) {
		one := job.Archive{}
		for _, day := range days {
			one.Packs = append(one.Packs, byDay[day]...)
		}
		several = append(several, one)
	}
	several[0].Merges = all.Merges
	return several
}
