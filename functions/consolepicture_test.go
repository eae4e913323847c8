//go:build unix

package functions

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/functions/pages"
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/functiontest/client"
	"github.com/userops/userops/shared/shop"
	"github.com/userops/userops/shared/shop/play"
)

// picture is a page of the console as docs/console shows it, by the path of its row. At is where it is with the data of `make demo`, where that is not the path.
type picture struct{ path, at string }

// pictured are the pages that have a picture: each of the navigation, and one of each thing.
var pictured = []picture{
	{"", ""}, {"stops", ""}, {"people", "people?q=demo-001"}, {"person", ""}, {"upload", ""}, {"segments", ""}, {"segments/show", "segments/show?id=demo-open-cart"}, {"segments/edit", "segments/edit?id=demo-window-shoppers"},
	{"campaigns", ""}, {"campaigns/show", "campaigns/show?id=demo-win-back"}, {"templates", ""}, {"templates/show", "templates/show?id=demo-champion&user=demo-001"}, {"programs", ""}, {"programs/show", "programs/show?id=demo-invite"},
	{"reports/traffic", ""}, {"reports/trade", ""}, {"reports/funnel", ""}, {"reports/retention", ""}, {"runs", ""}, {"queues", ""}, {"refusals", ""}, {"sources", ""}, {"audit", ""}, {"settings", ""},
}

// questions are what the pictures of reports ask beside their days.
var questions = map[string]string{
	"reports/traffic": "&by=day", "reports/trade": "&by=day", "reports/funnel": "&step=Product+Viewed&step=Product+Added&step=Order+Completed&window=7d", "reports/retention": "&by=week&first=Order+Completed&return=Order+Completed&periods=8",
}

const (
	pictureFolder = "../docs/console"
	pictureWidth  = 1440
	pictureHeight = 900
	// pictureWeight bounds all pictures: a clone carries them, and every version of them.
	pictureWeight = 2 << 20
)

// file is the name of a picture's file in a language.
func (p picture) file(lang string) string {
	return cmp.Or(strings.ReplaceAll(p.path, "/", "-"), "home") + "." + lang + ".png"
}

// TestEveryScreenHasItsPicture in both languages, in the folder and in the page about the console; there are no others, and together they are light.
func TestEveryScreenHasItsPicture(t *testing.T) {
	for _, r := range pages.Rows() {
		if r.Group != "" && !slices.ContainsFunc(pictured, func(p picture) bool { return p.path == r.Path }) {
			t.Errorf("%s stands in the navigation and is not among the pictures (make pictures)", r.Address())
		}
	}
	want := map[string]bool{}
	for lang, page := range map[string]string{"zh": "../docs/zh/console.md", "en": "../docs/console.md"} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range pictured {
			if !slices.ContainsFunc(pages.Rows(), func(r view.Row) bool { return r.Path == p.path && r.Method == http.MethodGet }) {
				t.Errorf("there is no page %q", p.path)
			}
			want[p.file(lang)] = true
			if !strings.Contains(string(text), "console/"+p.file(lang)+")") {
				t.Errorf("%s does not show %s", page, p.file(lang))
			}
		}
	}
	there, err := os.ReadDir(pictureFolder)
	if err != nil {
		t.Fatal(err)
	}
	weight := 0
	for _, f := range there {
		raw, err := os.ReadFile(filepath.Join(pictureFolder, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		weight += len(raw)
		of, err := png.DecodeConfig(bytes.NewReader(raw))
		if err != nil || of.Width != pictureWidth || !want[f.Name()] {
			t.Errorf("%s is %d wide, %v, and among the pictures: %v", f.Name(), of.Width, err, want[f.Name()])
		}
		delete(want, f.Name())
	}
	if len(want) > 0 || weight > pictureWeight {
		t.Errorf("%d pictures are missing (make pictures), and those that are there have %d KB: %v", len(want), weight>>10, want)
	}
}

// TestPictures takes them: `make pictures`. A stack plays the shop of `make demo`, and a browser looks at each page in both languages.
func TestPictures(t *testing.T) {
	folder := os.Getenv("PICTURES")
	if folder == "" {
		t.Skip("it writes the pictures of docs/console: make pictures")
	}
	chromium := client.Chromium(t)
	m := newMachineWith(t, t.TempDir(), map[string]string{"ArchiveSchedule": "rate(1 minute)"})
	at := shop.New()
	at.Base, at.ServerKey, at.OperatorKey = m.base, serverKey, operatorKey
	if err := (&play.Play{Client: at, Progress: shop.NewProgress(os.Stderr), Out: os.Stderr, Seed: play.Seed, Now: time.Now}).Perform(context.Background()); err != nil {
		t.Fatal(err)
	}
	m.idle()
	m.archives(time.Now().AddDate(0, 0, -3))
	m.run("{}")                                                         // the second: what changed since the one before
	m.fails("Settlement", m.dies("Settlement", `{"v":1,"follows":[]}`)) // a shop has something to mend at times
	m.idle()
	for lang, english := range map[string]bool{"zh": false, "en": true} {
		v := &visitor{Page: client.Open(t, chromium, pictureWidth, pictureHeight), t: t, m: m, name: lang, width: pictureWidth, english: english}
		v.enter()
		for _, p := range pictured {
			switch more, asks := questions[p.path]; {
			case asks:
				v.to(m.lately(p.path, more))
				m.idle()
				v.to(m.lately(p.path, more)) // the exact answer
			case p.path == "person":
				v.to("/people?q=demo-001")
				v.press("table a")
			default:
				v.to("/" + cmp.Or(p.at, p.path))
			}
			if err := os.WriteFile(filepath.Join(folder, p.file(lang)), small(t, v.Shot()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// small is a picture in a palette of its most frequent colours, which takes a third of its weight and is seen by nobody.
func small(t *testing.T, shot string) []byte {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(shot)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	area := image.Rect(0, 0, pictureWidth, min(whole.Bounds().Dy(), pictureHeight))
	times := map[color.RGBA]int{}
	for y := range area.Dy() {
		for x := range area.Dx() {
			times[color.RGBAModel.Convert(whole.At(x, y)).(color.RGBA)]++
		}
	}
	all := make([]color.RGBA, 0, len(times))
	for c := range times {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b color.RGBA) int {
		return cmp.Or(times[b]-times[a], int(a.R)-int(b.R), int(a.G)-int(b.G), int(a.B)-int(b.B))
	})
	var few color.Palette
	for _, c := range all[:min(len(all), colours)] {
		few = append(few, c)
	}
	out := image.NewPaletted(area, few)
	draw.Draw(out, area, whole, image.Point{}, draw.Src)
	var body bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&body, out); err != nil {
		t.Fatal(err)
	}
	return body.Bytes()
}

// colours is how many a picture has: with sixteen or fewer a pixel takes half a byte.
const colours = 64
