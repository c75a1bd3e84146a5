//! A row's arguments, once it is known how names are spelt.

use std::path::Path;

use psl_tests::script::Argument;

use super::row::{Given, Row};

impl Row {
    /// Returns the arguments with names from `spell`, which are relative to `dir`.
    pub fn spelt(
        &self,
        root: &Path,
        dir: &Argument,
        mut spell: impl FnMut() -> String,
    ) -> Vec<Argument> {
        let root = root.display();
        let own = |given: &Given| match given {
            Given::Path => Argument::Text(spell()),
            Given::Paths => Argument::Texts(vec![spell()]),
            Given::Template(letters) => Argument::Text(spell() + letters),
            Given::Texts(texts) => Argument::Texts(texts.iter().map(|it| (*it).into()).collect()),
            Given::Program(name) => Argument::Kept(format!("{root}/shared/version2/{name}")),
            Given::Actions(words) => {
                let words = words.replace("{}", &root.to_string());
                Argument::Actions(if words.contains("<>") {
                    words.replace("<>", &spell())
                } else {
                    words
                })
            }
            Given::Attributes(words) => Argument::Attributes((*words).into()),
            Given::Wild(kind) => Argument::Wild((*kind).into()),
            Given::Watch => Argument::Watch,
            Given::Address => Argument::Address(spell()),
            Given::Socket(kind) => Argument::Socket((*kind).into()),
            Given::Dir => dir.clone(),
            Given::Fixed(path) => Argument::Text(format!("{root}/{path}")),
            Given::Text(text) => Argument::Text((*text).into()),
            Given::Int(number) => Argument::Number(*number),
            Given::Room(size) => Argument::Buffer(*size),
            Given::Numbers(numbers) => Argument::Numbers(numbers.to_vec()),
            Given::Stream => Argument::Stream,
            Given::Taken(path) => Argument::Taken(format!("{root}/{path}")),
            Given::Function(name) => Argument::Function((*name).into()),
        };
        self.arguments.iter().map(own).collect()
    }

    /// Whether a name is spelt in it.
    pub fn has_name(&self) -> bool {
        use Given::{Actions, Address, Dir, Path, Paths, Template};
        let is_spelt = |it: &Given| match it {
            Actions(words) => words.contains("<>"),
            it => matches!(it, Path | Paths | Address | Template(_) | Dir),
        };
        self.arguments.iter().any(is_spelt)
    }
}
