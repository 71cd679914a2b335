//! Stretching a password into two halves: one to sign in with, one to unlock the member's seed.
//!
//! argon2id makes each guess at a stolen database cost 64 MiB and a good part of a second. The same cost must not bring
//! the server down, so it runs behind permits: each owns one buffer that is used again and again (a fresh one per call
//! made memory balloon), a few more callers may wait, and everybody else is told to come back.
//!
//! Source: security.md, "Keys of people, and the roster", "Accounts"; RFC 9106.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use zeroize::Zeroizing;

use super::password::Password;
use crate::sealing::{
    Hash, derive,
    keys::UnlockHalf,
    same,
    server::{ServerKey, SignIn},
    sha256,
};

/// Callers that may wait for a permit, in the order in which they came; one more is [`StretchError::Busy`]. Waiting takes
/// no memory to speak of, and a queue that whoever knocks oftenest can keep full lets nobody else in.
///
/// Source: docs/decisions/who-waits-to-sign-in.md.
pub const QUEUE: usize = 128;
/// Places that callers under one name may have at a time, those who are served included.
const PLACES_PER_NAME: usize = 3;

/// What one stretching costs. One lane always.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB, 8 and up.
    pub memory_kib: u32,
    /// Passes over it, 1 and up.
    pub passes: u32,
}

impl Cost {
    /// 64 MiB, 3 passes. Changing it makes every stored password unusable.
    pub const STANDARD: Self = Self { memory_kib: 64 * 1024, passes: 3 };
}

/// Random bytes of one member that make equal passwords stretch differently. Not a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Salt(pub [u8; 16]);

/// Stretched instead of a member's for a name that nobody has, so that time does not tell who has an account.
const NOBODY: Salt = Salt(*b"lastlooks/nobody");

/// A stretched password.
#[derive(Debug, Clone)]
pub struct Halves {
    /// Compared with what is stored.
    pub sign_in: SignInHalf,
    /// Opens the member's seed; never stored or compared.
    pub unlock: UnlockHalf,
}

/// The half that proves who somebody is. It says nothing about the other half.
#[derive(Clone)]
pub struct SignInHalf(Zeroizing<[u8; 32]>);

impl SignInHalf {
    /// What the database keeps: HMAC-SHA256(`K_signin`, half).
    pub fn stored(&self, key: &ServerKey<SignIn>) -> Hash {
        key.mac(&[self.0.as_slice()])
    }

    /// Whether this is the half whose stored form that is, in constant time.
    pub fn is(&self, stored: &Hash, key: &ServerKey<SignIn>) -> bool {
        same(&self.stored(key), stored)
    }
}

impl fmt::Debug for SignInHalf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignInHalf(secret)")
    }
}

/// Why a password was not stretched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StretchError {
    /// Permits and queue are full. 503 with Retry-After.
    #[error("too many people are signing in at this moment")]
    Busy,
    /// The server is shutting down.
    #[error("the server is shutting down")]
    Stopped,
}

/// A cost that argon2 does not know, or no permit at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("stretching needs at least 1 permit, 8 KiB and 1 pass")]
pub struct InvalidCost;

/// How many permits a machine of this much memory has by default: a quarter of it, 1..=8.
pub fn permits_for(memory_bytes: u64) -> usize {
    let each = u64::from(Cost::STANDARD.memory_kib) * 1024;
    usize::try_from((memory_bytes / 4 / each).clamp(1, 8)).unwrap_or(1)
}

/// The right to stretch, handed out to a few at a time. Cheap to clone; clones share permits and buffers.
#[derive(Clone)]
pub struct Permits(Arc<Shared>);

struct Shared {
    argon2: Argon2<'static>,
    buffers: Mutex<Vec<Vec<Block>>>,
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
    /// Places taken under a name, by SHA-256 of the name.
    named: Mutex<HashMap<Hash, usize>>,
}

/// The turn of one caller, who may stretch one password.
#[derive(Debug)]
pub struct Turn {
    permits: Permits,
    held: Held,
}

/// What a caller gives back in the end: these go with the work, because somebody who hangs up early must not let
/// another one in beside it.
#[derive(Debug)]
struct Held {
    _running: OwnedSemaphorePermit,
    _admitted: OwnedSemaphorePermit,
    _place: Option<Place>,
}

/// A place taken under a name.
#[derive(Debug)]
struct Place {
    permits: Permits,
    name: Hash,
}

impl Place {
    /// A place under this name, if it has one left.
    fn take(permits: &Permits, name: &str) -> Option<Self> {
        let name = sha256(&[name.as_bytes()]);
        let mut named = permits.0.named.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = named.entry(name).or_insert(0);
        let has_room = *taken < PLACES_PER_NAME;
        if has_room {
            *taken += 1;
        }
        has_room.then(|| Self { permits: permits.clone(), name })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut named = self.permits.0.named.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = named.get_mut(&self.name) {
            *taken -= 1;
            if *taken == 0 {
                named.remove(&self.name);
            }
        }
    }
}

impl Turn {
    /// Stretches a password, on a blocking thread.
    ///
    /// # Errors
    /// [`StretchError::Stopped`] at shutdown.
    pub async fn derive(self, password: &Password, salt: Salt) -> Result<Halves, StretchError> {
        let (Self { permits, held }, password) = (self, password.clone());
        let work = move || {
            let halves = halves(&permits.0.stretch(password.as_bytes(), &salt.0));
            drop(held);
            halves
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| StretchError::Stopped)
    }

    /// Costs the same as [`Turn::derive`] and gives nothing: for a name that nobody has.
    ///
    /// # Errors
    /// As [`Turn::derive`].
    pub async fn derive_for_nobody(self, password: &Password) -> Result<(), StretchError> {
        self.derive(password, NOBODY).await.map(drop)
    }
}

impl Permits {
    /// Permits that stretch at this cost, `permits` at a time, with `queue` waiting. Memory is taken when it is first
    /// needed: at most `permits` times the cost.
    ///
    /// # Errors
    /// [`InvalidCost`].
    pub fn new(cost: Cost, permits: usize, queue: usize) -> Result<Self, InvalidCost> {
        let params = Params::new(cost.memory_kib, cost.passes, 1, Some(32)).map_err(|_| InvalidCost)?;
        if permits == 0 || permits.saturating_add(queue) > Semaphore::MAX_PERMITS {
            return Err(InvalidCost);
        }
        Ok(Self(Arc::new(Shared {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            buffers: Mutex::new(Vec::with_capacity(permits)),
            running: Arc::new(Semaphore::new(permits)),
            admitted: Arc::new(Semaphore::new(permits + queue)),
            named: Mutex::default(),
        })))
    }

    /// Waits for a turn, behind whoever came before. Callers under one name have a few places between them, whether or not
    /// anybody has that name.
    ///
    /// # Errors
    /// [`StretchError::Busy`] if the queue is full or the name has its places taken, [`StretchError::Stopped`] at shutdown.
    pub async fn turn(&self, name: Option<&str>) -> Result<Turn, StretchError> {
        let place = name.map(|name| Place::take(self, name).ok_or(StretchError::Busy)).transpose()?;
        let admitted = Arc::clone(&self.0.admitted).try_acquire_owned().map_err(|_| StretchError::Busy)?;
        // Turns are given in the order in which they were asked for: see tokio's `Semaphore`.
        let running = Arc::clone(&self.0.running).acquire_owned().await.map_err(|_| StretchError::Stopped)?;
        Ok(Turn { permits: self.clone(), held: Held { _running: running, _admitted: admitted, _place: place } })
    }

    /// Waits for a turn under no name, and stretches.
    ///
    /// # Errors
    /// As [`Permits::turn`].
    pub async fn derive(&self, password: &Password, salt: Salt) -> Result<Halves, StretchError> {
        self.turn(None).await?.derive(password, salt).await
    }
}

impl fmt::Debug for Permits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Permits({} free)", self.0.running.available_permits())
    }
}

impl Shared {
    fn stretch(&self, password: &[u8], salt: &[u8]) -> Zeroizing<[u8; 32]> {
        let mut buffer = self.take_buffer();
        let mut stretched = Zeroizing::new([0; 32]);
        let done = self.argon2.hash_password_into_with_memory(password, salt, stretched.as_mut(), &mut buffer);
        // The last block gives the result away.
        buffer.fill(Block::new());
        self.buffers.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
        let Ok(()) = done else { unreachable!("lengths of salt, output and memory are fixed and large enough") };
        stretched
    }

    fn take_buffer(&self) -> Vec<Block> {
        let kept = self.buffers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        kept.unwrap_or_else(|| vec![Block::new(); self.argon2.params().block_count()])
    }
}

fn halves(stretched: &[u8; 32]) -> Halves {
    Halves {
        sign_in: SignInHalf(derive(stretched, "lastlooks/v1/password/sign-in")),
        unlock: UnlockHalf::new(derive(stretched, "lastlooks/v1/password/unlock")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sealing::server::RootSecret;

    const CHEAP: Cost = Cost { memory_kib: 8, passes: 1 };
    const SALT: Salt = Salt([1; 16]);

    fn password(text: &str) -> Password {
        Password::present(text).unwrap()
    }

    fn key() -> ServerKey<SignIn> {
        RootSecret::new([9; 32]).key()
    }

    #[tokio::test]
    async fn the_right_password_signs_in_and_no_other_does() {
        let permits = Permits::new(CHEAP, 1, QUEUE).unwrap();
        let stored = permits.derive(&password("right"), SALT).await.unwrap().sign_in.stored(&key());
        let signs_in = async |text, salt, key: &ServerKey<SignIn>| {
            permits.derive(&password(text), salt).await.unwrap().sign_in.is(&stored, key)
        };
        assert!(signs_in("right", SALT, &key()).await);
        assert!(!signs_in("wrong", SALT, &key()).await);
        assert!(!signs_in("right", Salt([2; 16]), &key()).await);
        assert!(!signs_in("right", SALT, &RootSecret::new([8; 32]).key()).await);
    }

    #[tokio::test]
    async fn a_full_queue_is_busy_and_those_who_wait_are_served() {
        let permits = Permits::new(CHEAP, 1, 1).unwrap();
        let held = Arc::clone(&permits.0.running).acquire_owned().await.unwrap();
        let waiting: Vec<_> = (0..2)
            .map(|_| {
                let permits = permits.clone();
                tokio::spawn(async move { permits.derive(&password("x"), SALT).await })
            })
            .collect();
        while permits.0.admitted.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(permits.derive(&password("x"), SALT).await.unwrap_err(), StretchError::Busy);
        assert_eq!(permits.turn(Some("nobody")).await.unwrap_err(), StretchError::Busy);
        drop(held);
        for one in waiting {
            assert!(one.await.unwrap().is_ok());
        }
        assert!(permits.derive(&password("x"), SALT).await.is_ok());
    }

    #[tokio::test]
    async fn one_name_cannot_take_the_queue_and_gives_its_places_back() {
        let permits = Permits::new(CHEAP, 1, QUEUE).unwrap();
        let held = permits.turn(None).await.unwrap();
        let mut waiting = Vec::new();
        for _ in 0..PLACES_PER_NAME {
            let permits = permits.clone();
            waiting.push(tokio::spawn(async move {
                permits.turn(Some("a@b.org")).await?.derive(&password("x"), SALT).await
            }));
        }
        while permits.0.admitted.available_permits() > QUEUE - PLACES_PER_NAME {
            tokio::task::yield_now().await;
        }
        assert_eq!(permits.turn(Some("a@b.org")).await.unwrap_err(), StretchError::Busy);
        let other = permits.clone();
        let other = tokio::spawn(async move { other.turn(Some("c@d.org")).await.map(drop) });
        drop(held);
        for one in waiting {
            assert!(one.await.unwrap().is_ok());
        }
        assert_eq!(other.await.unwrap(), Ok(()));
        permits.turn(Some("a@b.org")).await.unwrap().derive_for_nobody(&password("x")).await.unwrap();
        assert!(permits.0.named.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn one_permit_uses_one_buffer_again_and_leaves_nothing_in_it() {
        let permits = Permits::new(CHEAP, 1, QUEUE).unwrap();
        for _ in 0..5 {
            permits.derive(&password("x"), SALT).await.unwrap();
        }
        let buffers = permits.0.buffers.lock().unwrap();
        assert_eq!(buffers.len(), 1);
        assert!(buffers[0].iter().all(|block| block.as_ref().iter().all(|word| *word == 0)));
    }

    #[test]
    fn a_used_buffer_changes_nothing_and_stretching_gives_the_bytes_of_the_reference_implementation() {
        // Test vector of the reference implementation: argon2id, version 19, 64 MiB, 2 passes, 1 lane.
        let permits = Permits::new(Cost { memory_kib: 65_536, passes: 2 }, 1, 0).unwrap();
        for _ in 0..2 {
            assert_eq!(
                hex::encode(permits.0.stretch(b"password", b"somesalt").as_slice()),
                "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7"
            );
        }
    }

    #[test]
    fn a_cost_or_permit_of_nothing_is_refused() {
        assert_eq!(Permits::new(Cost { memory_kib: 7, passes: 1 }, 1, 0).unwrap_err(), InvalidCost);
        assert_eq!(Permits::new(Cost { memory_kib: 8, passes: 0 }, 1, 0).unwrap_err(), InvalidCost);
        assert_eq!(Permits::new(CHEAP, 0, 0).unwrap_err(), InvalidCost);
    }

    #[test]
    fn permits_take_a_quarter_of_the_memory_and_never_less_than_one() {
        const GIB: u64 = 1 << 30;
        assert_eq!([GIB / 8, GIB / 2, GIB, 64 * GIB].map(permits_for), [1, 2, 4, 8]);
    }
}
