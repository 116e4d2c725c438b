#!/bin/sh
# Makes the media files of this folder and table.tsv, which says what other
# programs read in them. The tests compare the header parsers of
# templates/client with the committed files and table and need none of the
# tools below; run this script only to add a file. Encoders of other versions
# write other bytes, so commit the files together with the table.
#
# Debian 12 packages: imagemagick webp libavif-bin libheif-examples ffmpeg
# libimage-exiftool-perl file
#
#   apt-get install imagemagick webp libavif-bin libheif-examples ffmpeg \
#       libimage-exiftool-perl file
#   sh make.sh
set -eu
cd "$(dirname "$0")"
PATH=/usr/bin:/bin
export LC_ALL=C
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rm -f ./*.png ./*.jpg ./*.gif ./*.webp ./*.avif ./*.heic ./*.mp4 ./*.mov ./*.m4a \
	./*.mp3 ./*.wav ./*.ogg ./*.flac ./*.webm ./*.svg ./*.bmp table.tsv

# picture WIDTH HEIGHT FILE [OPTION...]: a gradient with a circle.
picture() {
	w=$1 h=$2 out=$3
	shift 3
	convert -size "${w}x$h" gradient:navy-orange -fill white -draw "circle 12,12 12,4" \
		-strip "$@" "$out"
}

# PNG: odd sizes, Adam7 interlacing, palette, 16 bits.
picture 97 61 rgb.png
picture 33 57 interlaced.png -interlace PNG
picture 300 40 palette.png -colors 8 -type Palette
picture 1 25 gray16.png -colorspace Gray -depth 16

# JPEG: baseline, progressive, and a quarter turn in EXIF in both byte orders
# (the stored picture lies on its side); orientation 3 turns by a half.
picture 97 61 baseline.jpg
picture 120 33 progressive.jpg -interlace JPEG
picture 64 48 cmyk.jpg -colorspace CMYK
for turn in 3 6 8; do picture 80 40 "exif$turn.jpg"; done
exiftool -q -overwrite_original -n -Orientation=3 exif3.jpg
exiftool -q -overwrite_original -n -Orientation=6 exif6.jpg
exiftool -q -overwrite_original -n -ExifByteOrder=II -Orientation=8 exif8.jpg

# GIF: the logical screen counts, not a smaller frame.
picture 45 31 still.gif
convert -size 50x40 xc:navy -page +10+5 -size 12x9 xc:orange -delay 20 -loop 0 animated.gif

# WebP: lossy (VP8), lossless (VP8L), alpha, EXIF and animation (VP8X).
picture 97 61 "$work/a.png"
picture 97 61 "$work/b.png" -negate
convert -size 70x44 gradient:none-orange -strip "$work/alpha.png"
cwebp -quiet "$work/a.png" -o lossy.webp
cwebp -quiet -lossless "$work/a.png" -o lossless.webp
cwebp -quiet "$work/alpha.png" -o alpha.webp
cwebp -quiet -metadata exif exif6.jpg -o exif.webp
img2webp -d 100 -lossy "$work/a.png" "$work/b.png" -o animated.webp >/dev/null 2>&1

# AVIF: plain, alpha (two items, each with its ispe), quarter turn (irot),
# clean aperture (clap), sequence (a moov beside the meta box).
avifenc -s 10 "$work/a.png" plain.avif >/dev/null
avifenc -s 10 "$work/alpha.png" alpha.avif >/dev/null
avifenc -s 10 --irot 1 "$work/a.png" rotated.avif >/dev/null
avifenc -s 10 --clap 60,1,40,1,0,1,0,1 "$work/alpha.png" clap.avif >/dev/null
picture 64 64 "$work/g1.png"
picture 64 64 "$work/g2.png" -negate
avifenc -s 10 --grid 2x1 "$work/g1.png" "$work/g2.png" grid.avif >/dev/null
avifenc -s 10 "$work/a.png" "$work/b.png" sequence.avif >/dev/null

# HEIC: odd size (a grid of one padded tile, whose larger ispe must not be taken
# for the picture's), and a thumbnail with a smaller one.
heif-enc -q 30 -o plain.heic "$work/alpha.png" >/dev/null
heif-enc -q 30 -o odd.heic "$work/a.png" >/dev/null
heif-enc -q 30 -t 32 -o thumbnail.heic "$work/a.png" >/dev/null

# MP4 and MOV: moov in front, moov behind mdat, fragments, a quarter turn in
# the track matrix, pixels that are not square, sound as the first track,
# QuickTime; and Matroska, which begins as WebM does.
ff() { ffmpeg -nostdin -v error -y "$@"; }
video="-f lavfi -i testsrc=size=64x48:rate=5:duration=1.4"
tone="-f lavfi -i sine=frequency=440:sample_rate=8000:duration=1.4"
x264="-c:v libx264 -preset veryfast -crf 45 -pix_fmt yuv420p -x264-params sei=0 -fflags +bitexact -flags:v +bitexact"
aac="-c:a aac -b:a 8k -ac 1 -flags:a +bitexact"
ff $video $x264 -movflags +faststart start.mp4
ff $video $x264 end.mp4
ff $video -vf setsar=64/45 $x264 anamorphic.mp4
ff $video $x264 rotated.mp4
exiftool -q -overwrite_original -Rotation=90 rotated.mp4
ff $video $tone -map 1:a -map 0:v $x264 $aac sound_first.mp4
ff $video $x264 -movflags +frag_keyframe+empty_moov fragmented.mp4
ff $video $x264 -f mov quicktime.mov
ff $video -c:v libvpx-vp9 -b:v 20k -fflags +bitexact -flags:v +bitexact clip.webm
ff $video $x264 clip.mkv

# Sound, and pictures that are measured by size alone.
ff $tone $aac -fflags +bitexact sound.m4a
ff $tone -c:a libmp3lame -b:a 8k -fflags +bitexact -id3v2_version 0 -write_xing 0 sound.mp3
ff $tone -c:a libmp3lame -b:a 8k -fflags +bitexact -metadata title=tone tagged.mp3
ff -f lavfi -i sine=frequency=440:sample_rate=8000:duration=0.1 -fflags +bitexact sound.wav
ff $tone -c:a libvorbis -b:a 16k -fflags +bitexact -flags:a +bitexact sound.ogg
ff -f lavfi -i sine=frequency=440:sample_rate=8000:duration=0.1 -fflags +bitexact sound.flac
picture 16 9 picture.bmp
printf '%s\n' '<?xml version="1.0"?>' '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="6"><rect width="8" height="6"/></svg>' >picture.svg

# The table: a dash where a program does not read the file.
probe() { ffprobe -v quiet -select_streams v:0 "$@" | head -n 1; }
{
	printf 'file\tbytes\ttype\tidentify_width\tidentify_height\torientation\tffprobe_width\tffprobe_height\tffprobe_rotation\tffprobe_seconds\n'
	for f in *.png *.jpg *.gif *.webp *.avif *.heic *.mp4 *.mov *.m4a *.mp3 *.wav *.ogg *.flac *.webm *.mkv *.svg *.bmp; do
		case $f in
		*.mp4 | *.mov | *.m4a | *.mp3 | *.wav | *.ogg | *.flac | *.webm | *.mkv | *.svg) size="- -" ;;
		*) size=$(identify -quiet -format '%W %H\n' "$f" 2>/dev/null | head -n 1) ;;
		esac
		size=${size:-- -}
		turn=$(exiftool -n -s3 -IFD0:Orientation "$f" 2>/dev/null || true)
		video=$(probe -show_entries stream=width,height -of csv=p=0:s=x "$f" || true)
		case $f in *.svg) video= ;; esac
		video=${video%x} video=${video:--x-}
		matrix=$(probe -show_entries stream_side_data=rotation -of default=nw=1:nk=1 "$f" || true)
		seconds=-
		case $f in
		*.mp4 | *.mov | *.m4a) seconds=$(ffprobe -v quiet -show_entries format=duration -of csv=p=0 "$f") ;;
		esac
		printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$f" "$(stat -c %s "$f")" \
			"$(file -b --mime-type "$f")" ${size% *} ${size#* } "${turn:--}" \
			"${video%x*}" "${video#*x}" "${matrix:--}" "$seconds"
	done
} >table.tsv
